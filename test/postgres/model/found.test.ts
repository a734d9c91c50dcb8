import { describe, expect, it } from 'vitest';
import { missingTools } from '../../support/tool.ts';
import { System } from './system.ts';

/** Lives that failed once, of those that sequences.test.ts draws. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('a life that failed once', () => {
  const lives: readonly (readonly [name: string, live: (system: System) => Promise<void>])[] = [
    [
      'a pod that is promoted again after it followed the other one is protected: its own store never saw the timeline between',
      async (system) => {
        await system.start('stop');
        await system.promote(true);
        await system.promote(false);
        await system.untilProtected();
      },
    ],
    [
      'a pod that was restored from its store and followed the other one starts again: its store knows nothing of the timeline that its data is on',
      async (system) => {
        system.loseData();
        await system.start('catch-up');
        await system.promote(false);
        await system.write(3, 320);
        await system.promote(false);
      },
    ],
    [
      'a pod that comes back when the other one has removed the WAL behind it says so, and a copy follows',
      async (system) => {
        await system.start('stop');
        await system.promote(true);
        for (let round = 0; round < 3; round += 1) {
          await system.write(20, 64_000);
          await system.untilProtected();
          await system.sql('CHECKPOINT');
        }
        await system.promote(false);
        expect(system.said).toEqual([expect.stringMatching(/removed/)]);
      },
    ],
  ];
  it.concurrent.each(lives)('%s', async (_, live) => {
    const system = await System.make();
    try {
      await live(system);
      await system.check();
    } finally {
      await system.remove();
    }
  });
});
