import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { asServerUser, removeDirectory, scratchDirectory } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { DatabaseWithStore, node, numbers, rowsOf } from './support/database-with-store.ts';
import { startRecovered } from './support/recovery.ts';

/** `pgusher-agent restore --to DIR` as a person runs it: one process, no agent beside it, no contract. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('restore --to', () => {
  let database: DatabaseWithStore;
  let backup: BaseBackupRecord;
  let lsn20: string;
  let directory: string;
  let server: PostgresServer | null = null;

  beforeAll(async () => {
    database = new DatabaseWithStore('by-hand');
    const source = await database.begin();
    await database.write(1, 10);
    backup = database.backup('none');
    await database.write(11, 20);
    lsn20 = (await source.sql<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn'))[0]?.lsn ?? '';
    await database.write(21, 35);
    await database.received();
    database.move();
    await database.crash();
    directory = scratchDirectory('restored');
  });

  afterEach(async () => {
    await server?.kill();
    server = null;
    rmSync(join(directory, 'data'), { recursive: true, force: true });
  });

  afterAll(async () => {
    await database.remove();
    removeDirectory(directory);
  });

  function restore(...options: string[]): { code: number | null; out: string; error: string } {
    const main = join(import.meta.dirname, '../../src/agent/main.ts');
    const store = ['--store', join(database.directory, 'store'), '--prefix', 'shop/db'];
    const result = spawnSync(node, [main, 'restore', '--to', join(directory, 'data'), ...store, ...options], {
      ...asServerUser(),
      cwd: '/tmp',
      encoding: 'utf8',
    });
    return { code: result.status, out: result.stdout, error: result.stderr };
  }

  it('makes a directory with all its WAL that any server of that major starts on', async () => {
    const result = restore();
    expect(result.error).toBe('');
    expect(result.code).toBe(0);
    const [begin, ...progress] = result.out.trimEnd().split('\n');
    const done = progress.pop();
    expect(begin).toMatch(
      new RegExp(`^restoring base backup ${backup.id} and \\d+ WAL segments to ${directory}/data$`),
    );
    // A line each ten seconds, and one at the end.
    expect(progress.at(-1)).toMatch(/^\d+\.\d MiB of \d+\.\d MiB \(100 %\), \d+\.\d [KM]iB\/s$/);
    expect(done).toBe(`done: start PostgreSQL 15 on ${directory}/data; it replays the WAL and then takes writes`);
    expect(readdirSync(directory)).toEqual(['data']);
    // The store is not needed any more.
    expect(readdirSync(join(database.root, 'leases'))).toEqual([]);
    server = await startRecovered(join(directory, 'data'));
    expect(await rowsOf(server)).toEqual(numbers(1, 35));
  });

  it.skipIf(missingTools('script'))('draws a bar on a terminal', () => {
    const main = join(import.meta.dirname, '../../src/agent/main.ts');
    const store = `--store ${join(database.directory, 'store')} --prefix shop/db`;
    const command = `${node} ${main} restore --to ${join(directory, 'data')} ${store}`;
    // util-linux: runs it on a terminal of its own.
    const result = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      ...asServerUser(),
      cwd: '/tmp',
      encoding: 'utf8',
    });
    expect(result.status).toBe(0);
    const bars = result.stdout.split('\r').filter((text) => text.includes('%'));
    expect(bars.at(-1)).toContain('100 %');
    expect(result.stdout).toContain(`done: start PostgreSQL 15 on ${directory}/data;`);
  });

  it('goes to a point in time', async () => {
    expect(restore('--target-lsn', lsn20).error).toBe('');
    server = await startRecovered(join(directory, 'data'));
    expect(await rowsOf(server)).toEqual(numbers(1, 20));
  });

  it.each([
    [
      ['--target-time', '2020-01-01 00:00:00+00'],
      /cannot be reached; wanted a target in the recoverable window: from /,
    ],
    [
      ['--target-time', 'yesterday'],
      /"yesterday" is no time to restore to; wanted a date and time with an offset, such as /,
    ],
    [['--backup', 'none-such'], /there is no base backup "none-such" in the store; wanted "latest" or one of /],
    [['--prefix', 'shop/other'], /^no base backup in .*\/store\/shop\/other: the store is EMPTY\. Wanted: /],
    [['--target-xid', '5', '--target-name', 'x'], /cannot be used with option/],
  ])('refuses %j and leaves nothing behind', (options, message) => {
    const result = restore(...options);
    expect(result.code).toBe(1);
    expect(result.error).toMatch(message);
    expect(existsSync(join(directory, 'data'))).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('writes into no directory that holds something', () => {
    restore();
    expect(restore().error).toBe(
      `${directory}/data is not empty; wanted a directory that is empty or does not exist\n`,
    );
  });
});
