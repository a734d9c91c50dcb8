import { spawnSync } from 'node:child_process';
import { existsSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/workload/environment.ts';
import { walDirectoryOfArguments } from '../../src/workload/initdb-arguments.ts';
import { asServerUser, removeDirectory, scratchDirectory } from '../support/postgres-server.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import { walSpellings } from '../support/wal-spellings.ts';

/** What is read from POSTGRES_INITDB_ARGS is where initdb, called as the image's entrypoint calls it, puts the WAL. */
describe.skipIf(missingTools('initdb', 'bash'))('initdb itself', () => {
  const directories: string[] = [];
  afterEach(() => {
    directories.splice(0).forEach(removeDirectory);
    rmSync('/tmp/pgusher-test-waldir', { recursive: true, force: true });
  });

  it.each(walSpellings)('told %j puts the WAL into %j', (text) => {
    const directory = scratchDirectory('waldir');
    directories.push(directory);
    const data = join(directory, 'pgdata');
    const made = spawnSync('bash', ['-c', `eval '"$INITDB" --no-sync --pgdata "$DATA" '"$POSTGRES_INITDB_ARGS"`], {
      ...asServerUser(),
      cwd: '/tmp',
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], INITDB: requireTool('initdb'), DATA: data, POSTGRES_INITDB_ARGS: text },
    });
    const read = walDirectoryOfArguments(text, readEnvironment({})) ?? null;
    if (made.status !== 0) {
      // A value that is none: no database, and nothing outside PGDATA.
      expect(read, made.stderr).toBeNull();
      return;
    }
    const link = join(data, 'pg_wal');
    expect(existsSync(join(link, '000000010000000000000001'))).toBe(true);
    expect(read).toBe(isLink(link) ? readlinkSync(link) : null);
  });
});

function isLink(path: string): boolean {
  try {
    readlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
