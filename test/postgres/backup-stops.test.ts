import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { missingTools } from '../support/tool.ts';
import { systemIdOf, untilProtected, untilReceived } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRestored } from './support/restored-server.ts';
import { lostRows, startWriters } from './support/writers.ts';
import type { Writers } from './support/writers.ts';

const pod = podsOfEachTest();
const rounds = Number(process.env['PGUSHER_ROUNDS'] ?? '20');

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock'))('what was committed', () => {
  it(`is in the store when the agent ends, in each of ${rounds} stops under writers`, async () => {
    const one = await pod('stops');
    const writers: Writers[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      const writing = await startWriters(server, 8, round * 1_000_000);
      writers.push(writing);
      await writing.more(80);
      // The order of Kubernetes: the server first, with its clients still writing; then the sidecar.
      await server.stop();
      await writing.stop();
      expect((await agent.stop()).code).toBe(0);
      // What is restored comes from the store alone, the rows of the rounds before too: every fifth look sees them all.
      if (round % 5 === 4 || round === rounds - 1) {
        const restored = await startRestored(one, systemId);
        for (const [index, written] of writers.entries()) {
          expect(await lostRows(restored, written), `round ${index + 1} of ${round + 1}`).toEqual([]);
        }
        await restored.kill();
      }
    }
  });

  it('in a database with hardly any traffic is in the store within seconds, though no segment is ever full', async () => {
    const one = await pod('idle');
    const agent = await one.startAgent();
    const server = await one.startServer({ settings: { archive_timeout: '60' } });
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await server.sql('CREATE TABLE kept (n int)');
    for (const n of [1, 2, 3]) {
      await server.sql(`INSERT INTO kept VALUES (${n})`);
      await sleep(1_000);
    }
    const committed = performance.now();
    await untilReceived(server, agent);
    // archive_timeout and 30 s are what an archive_command would be allowed.
    expect(performance.now() - committed).toBeLessThan(30_000);
    await Promise.all([server.kill(), agent.kill()]);
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await restored.kill();
  });
});
