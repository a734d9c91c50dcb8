import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import { eventually } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { storeRootOf, systemIdOf, untilProtected, untilReceived } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { clockOf } from './support/clock.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRecoveredIn } from './support/recovery.ts';

const pod = podsOfEachTest();
const day = 86_400_000;

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock'))('backup-keep-for', () => {
  it('keeps what its days need and no more, and the oldest of it is restored from', async () => {
    const one = await pod('kept-for');
    const { clock, jump } = clockOf(one);
    // Two and a half days: of one backup a day the three newest, and the one before, which begins the window.
    const agent = await one.startAgent({ clock, backup: { keep: 2, keepFor: 2.5 * 24 * 3600 } });
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await server.sql('CREATE TABLE days (n int)');
    const made: BaseBackupRecord[] = [...(await one.backups(systemId))];
    for (let today = 0; today <= 6; today += 1) {
      if (today > 0) {
        jump(today * day);
        made.push(await newBackup(one, systemId, made));
      }
      await server.sql(`INSERT INTO days VALUES (${today})`);
      await server.sql(`SELECT pg_create_restore_point('day ${today}')`);
      await server.sql('SELECT pg_switch_wal()');
    }
    const kept = async (): Promise<string[]> => (await one.backups(systemId)).map((record) => record.id);
    const wanted = made.slice(3).map((record) => record.id);
    await eventually(
      'retention has run',
      async () => (await kept()).join() === wanted.join(),
      () => agent.output(),
    );
    const oldest = made[3];
    await untilReceived(server, agent);
    await eventually('its last segment is moved', () => segments(one, systemId).length > 0);
    expect(segments(one, systemId)[0]?.slice(0, 24)).toBe(oldest?.startSegment);
    await one.kill();

    one.loseVolume();
    const point = { kind: 'name', value: 'day 3', inclusive: true } as const;
    expect(await days(await restored(one, oldest, point))).toEqual([0, 1, 2, 3]);
    await one.kill();
    one.loseVolume();
    expect(await days(await restored(one, oldest, null))).toEqual([0, 1, 2, 3, 4, 5, 6]);

    await one.kill();
    one.loseVolume();
    const gone = { ...one.contract, restore: { backup: made[2]?.id ?? '', target: null, id: null } };
    expect((await runRestoreProcess(one, gone, { pod: 'orders-0' })).reason).toContain('there is no base backup');
  });
});

/** The day's, verified. */
async function newBackup(one: Pod, systemId: string, before: readonly BaseBackupRecord[]): Promise<BaseBackupRecord> {
  let found: BaseBackupRecord | undefined;
  await eventually('the base backup of the day', async () => {
    const newest = (await one.backups(systemId)).at(-1);
    found = newest?.verified === null || before.some((record) => record.id === newest?.id) ? undefined : newest;
    return found !== undefined;
  });
  if (found === undefined) {
    throw new Error('there is none');
  }
  return found;
}

/** Names of the finished ones, oldest first. */
function segments(one: Pod, systemId: string): string[] {
  return readdirSync(join(storeRootOf(one), systemId, 'wal', '00000001')).sort();
}

async function restored(
  one: Pod,
  from: BaseBackupRecord | undefined,
  target: { readonly kind: 'name'; readonly value: string; readonly inclusive: boolean } | null,
): Promise<PostgresServer> {
  const id = target === null ? null : 'again';
  const contract = { ...one.contract, restore: { backup: from?.id ?? '', target, id } };
  const { reason, output } = await runRestoreProcess(one, contract, { pod: 'orders-0' });
  expect(reason).toBe('');
  expect(output).toContain(`restoring base backup ${from?.id ?? ''}`);
  return await startRecoveredIn(one, contract);
}

async function days(server: PostgresServer): Promise<number[]> {
  return (await server.sql<{ n: number }>('SELECT n FROM days ORDER BY n')).map((row) => row.n);
}
