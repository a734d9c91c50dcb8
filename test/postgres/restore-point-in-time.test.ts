import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { AgentContract, RestoreTargetContract } from '../../src/agent/contract.ts';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { runAsServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { DatabaseWithStore } from './support/database-with-store.ts';
import { numbers, rowsOf, runRestoreProcess } from './support/database-with-store.ts';
import { lostDatabase } from './support/lost-database.ts';

/** What the database said at a moment that a test goes back to. */
interface Moment {
  readonly time: string;
  readonly lsn: string;
}

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('a restore to a point in time', () => {
  let database: DatabaseWithStore;
  let first: BaseBackupRecord;
  let second: BaseBackupRecord;
  let at25: Moment;
  let at45: Moment;
  let xid46: string;
  let last: Moment;

  const lost = lostDatabase('pitr', async (made) => {
    database = made;
    const source = await database.begin();
    const moment = async (): Promise<Moment> => {
      // Targets lie between two commits: 20 ms on each side are more than any commit takes.
      await sleep(20);
      const [now] = await source.sql<{ time: string; lsn: string }>(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS time, pg_current_wal_lsn()::text AS lsn",
      );
      await sleep(20);
      return now ?? { time: '', lsn: '' };
    };
    await database.write(1, 20);
    first = database.backup();
    await database.write(21, 25);
    at25 = await moment();
    await database.write(26, 40);
    second = database.backup();
    await database.write(41, 45);
    at45 = await moment();
    const client = await source.connect();
    await client.query('BEGIN');
    await client.query("INSERT INTO rows VALUES (46, '')");
    xid46 = String((await client.query<{ xid: string }>('SELECT txid_current() AS xid')).rows[0]?.xid);
    await client.query('COMMIT');
    await client.end();
    await database.write(47, 50);
    await source.sql("SELECT pg_create_restore_point('before the mistake')");
    await database.write(51, 60);
    last = await moment();
    await database.received();
    database.move();
  });

  function contract(target: RestoreTargetContract | null, id = 'one', backup = 'latest'): AgentContract {
    return database.contract({ restore: { backup, target, id: target === null ? null : id } });
  }

  async function restored(asked: AgentContract): Promise<PostgresServer> {
    await lost.serve(asked);
    expect((await runRestoreProcess(database, asked)).reason).toBe('');
    return lost.recovered();
  }

  async function restoredRows(asked: AgentContract): Promise<number[]> {
    return rowsOf(await restored(asked));
  }

  /** Ten rows more on timeline 2, in the store; then it is lost again. */
  async function goesOn(server: PostgresServer): Promise<void> {
    database.server = server;
    await database.receive('00000002');
    await database.write(101, 110);
    await database.received();
    database.move();
    await database.crash();
    await lost.kill();
    database.loseVolume();
  }

  async function refusal(asked: AgentContract): Promise<string> {
    const result = await runRestoreProcess(database, asked);
    expect(result.code).toBe(1);
    expect(readdirSync(database.volume)).toEqual(['.pgusher']);
    return result.reason;
  }

  it('ends at a time, from the newest base backup before it', async () => {
    const server = await restored(contract({ kind: 'time', value: at25.time, inclusive: true }));
    expect(await rowsOf(server)).toEqual(numbers(1, 25));
    expect(server.log()).toContain('recovery stopping before commit of transaction');
  });

  it('ends at an LSN', async () => {
    expect(await restoredRows(contract({ kind: 'lsn', value: at45.lsn, inclusive: true }))).toEqual(numbers(1, 45));
  });

  it.each([
    [true, 46],
    [false, 45],
  ])('ends at a transaction, itself included: %s', async (inclusive, rows) => {
    expect(await restoredRows(contract({ kind: 'xid', value: xid46, inclusive }))).toEqual(numbers(1, rows));
  });

  it('ends at a restore point', async () => {
    const target = { kind: 'name', value: 'before the mistake', inclusive: true } as const;
    expect(await restoredRows(contract(target))).toEqual(numbers(1, 50));
  });

  it('ends where a base backup is consistent', async () => {
    const target = { kind: 'immediate', value: '', inclusive: true } as const;
    expect(await restoredRows(contract(target, 'one', first.id))).toEqual(numbers(1, 20));
  });

  it('refuses a time before the first base backup or after the last commit, and says what can be had', async () => {
    const window = new RegExp(
      `wanted a target in the recoverable window: from ${first.finishedAt} \\(LSN ${first.endLsn}, end of base backup ${first.id}\\) to \\d{4}-\\S+Z \\(LSN \\w+/\\w+, last commit in the store\\)$`,
    );
    for (const value of ['2020-01-01 00:00:00+00', last.time, '2099-01-01 00:00:00 Europe/Berlin']) {
      const reason = await refusal(contract({ kind: 'time', value, inclusive: true }));
      expect(reason).toMatch(window);
      expect(reason).toContain(`restore-target-time ${value} cannot be reached`);
    }
  });

  it('refuses an LSN, a transaction and a restore point that the store does not hold', async () => {
    expect(await refusal(contract({ kind: 'lsn', value: 'FF/0', inclusive: true }))).toContain(
      'FF/0 cannot be reached',
    );
    expect(await refusal(contract({ kind: 'lsn', value: '0/100', inclusive: true }))).toContain(
      '0/100 cannot be reached',
    );
    expect(await refusal(contract({ kind: 'xid', value: '999999', inclusive: true }))).toContain('cannot be reached');
    expect(await refusal(contract({ kind: 'name', value: 'never', inclusive: true }))).toContain('cannot be reached');
  });

  it('refuses a base backup that is not there, naming those that are', async () => {
    expect(await refusal(contract(null, 'one', '20200101T000000Z_00000001_0'))).toBe(
      `there is no base backup "20200101T000000Z_00000001_0" in the store; wanted "latest" or one of ${first.id}, ${second.id}`,
    );
  });

  it('restores to the very end where that is the target: PostgreSQL would never reach it', async () => {
    const end = (await refusal(contract({ kind: 'lsn', value: 'FF/0', inclusive: true }))).match(
      /\(LSN (\w+\/\w+), last/,
    )?.[1];
    expect(await restoredRows(contract({ kind: 'lsn', value: end ?? '', inclusive: true }))).toEqual(numbers(1, 60));
  });

  it('reaches a target before a hole in the WAL, and none behind it', async () => {
    rmSync(database.walPath(database.finished().at(-1) ?? ''));
    expect(await refusal(contract({ kind: 'name', value: 'before the mistake', inclusive: true }))).toContain(
      'cannot be reached',
    );
    expect(await restoredRows(contract({ kind: 'lsn', value: at25.lsn, inclusive: true }))).toEqual(numbers(1, 25));
  });

  it('carries a request out once: the next lost volume comes back whole, on the new timeline', async () => {
    const asked = contract({ kind: 'time', value: at25.time, inclusive: true }, 'only once');
    const server = await restored(asked);
    expect(await rowsOf(server)).toEqual(numbers(1, 25));
    // Life goes on after the restore; a restart changes nothing.
    await server.stop();
    await goesOn(await lost.recovered());
    const again = await runRestoreProcess(database, asked);
    expect(again.output).toMatch(/restore-id \\"only once\\" was carried out at \S+: its target is not used again/);
    await lost.serve(asked);
    const second = await lost.recovered();
    expect(await rowsOf(second)).toEqual([...numbers(1, 25), ...numbers(101, 110)]);
    await second.kill();
    database.loseVolume();
    const other = contract({ kind: 'lsn', value: at45.lsn, inclusive: true }, 'only once');
    expect(await refusal(other)).toMatch(
      /^restore-id "only once" was used at \S+ for restore-target-time .*; wanted a new postgres\.io\/restore-id for another target$/,
    );
  });

  it('does not start where the history of a newer timeline is missing', async () => {
    const server = await restored(contract({ kind: 'time', value: at25.time, inclusive: true }));
    expect(await rowsOf(server)).toEqual(numbers(1, 25));
    await goesOn(server);
    rmSync(join(database.root, database.systemId, 'wal', '00000002.history'));
    expect(await refusal(contract(null))).toBe(
      'the history file 00000002.history is missing in the store, which holds timeline 2; without it a restore would stop before the newest rows',
    );
  });

  it('keeps an old primary down whose successor is in the store', async () => {
    const server = await restored(contract(null));
    expect(await rowsOf(server)).toEqual(numbers(1, 60));
    await server.stop();
    const history = join(database.root, database.systemId, 'wal', '00000003.history');
    runAsServer('sh', ['-c', `printf '1\\t0/1\\tx\\n2\\t0/F000000\\tx\\n' > ${history}`]);
    const result = await runRestoreProcess(database, contract(null));
    expect(result.reason).toMatch(
      /^the data volume went back: PGDATA ends at \S+ of timeline 2 \(.*\), the store at 0\/F000000 of timeline 3, /,
    );
  });
});
