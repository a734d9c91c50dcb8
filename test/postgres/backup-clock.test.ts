import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import { systemIdOf, untilFailure, untilProtected, untilReceived } from './support/backup-agent.ts';
import { clockOf } from './support/clock.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRestored } from './support/restored-server.ts';

const pod = podsOfEachTest();
const day = 86_400_000;

const tools = missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock');

describe.skipIf(tools)('a clock that jumps', () => {
  it('makes one base backup, forward or back, keeps the newest ones, and loses nothing', async () => {
    const one = await pod('clock');
    const { clock, jump } = clockOf(one);
    const agent = await one.startAgent({ clock, backup: { keep: 2 } });
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    const ids = async (): Promise<string[]> => (await one.backups(systemId)).map((record) => record.id);
    const another = async (than: readonly string[]): Promise<string[]> => {
      await eventually(
        'another base backup is the newest',
        async () =>
          !than.includes((await ids()).at(-1) ?? '') && (await agent.metric('pgusher_base_backup_running')) === 0,
        () => agent.output(),
      );
      // Time to do what it must not.
      await sleep(3_000);
      return ids();
    };
    const first = await ids();
    expect(first).toHaveLength(1);

    await server.sql('CREATE TABLE kept AS SELECT 1 AS n');
    jump(400 * day);
    const second = await another(first);
    expect(second).toEqual([first[0], second[1]]);

    await server.sql('INSERT INTO kept VALUES (2)');
    jump(-400 * day);
    const third = await another(second);
    expect(third).toEqual([second[1], third[1]]);
    await untilProtected(agent);
    expect(await agent.metric('pgusher_wal_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(await agent.metric('pgusher_wal_gap_total')).toBe(0);

    await server.sql('INSERT INTO kept VALUES (3)');
    await untilReceived(server, agent);
    await Promise.all([server.kill(), agent.kill()]);
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await restored.kill();
  });

  it.skipIf(!canMount())('does not put off for a year what failed before it was set back', async () => {
    const one = await pod('back');
    one.mount('store', 70);
    const { clock, jump } = clockOf(one);
    const agent = await one.startAgent({ clock, storeMustBeMount: true });
    await one.startServer();
    await untilFailure(agent, 'base-backup', /needs about/);
    jump(-400 * day);
    execFileSync('mount', ['-o', 'remount,size=300m', one.storeMount]);
    await untilProtected(agent);
  });
});
