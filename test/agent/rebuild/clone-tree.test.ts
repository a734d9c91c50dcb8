import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { dataVolumePaths } from '../../../src/agent/decision/data-volume-paths.ts';
import { clonesFiles, cloneTree } from '../../../src/agent/rebuild/clone-tree.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) {
    rmSync(directory, { recursive: true, force: true });
  }
});

describe.each(['pgdata', ''])('a database in "%s" of its volume', (below) => {
  it('is copied beside itself, without what belongs to the server that ran', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'pgusher-clone-'));
    directories.push(mount);
    const data = join(mount, below);
    const paths = dataVolumePaths(mount);
    for (const folder of ['base/5', 'base/pgsql_tmp', 'pg_replslot/pgusher', 'pg_subtrans', 'lost+found']) {
      mkdirSync(join(data, folder), { recursive: true });
    }
    mkdirSync(paths.own);
    for (const file of [
      'PG_VERSION',
      'postmaster.pid',
      'base/5/1259',
      'pg_replslot/pgusher/state',
      'pg_subtrans/0000',
    ]) {
      writeFileSync(join(data, file), file, { mode: 0o600 });
    }

    await cloneTree(data, paths.staging);
    expect(readdirSync(paths.staging, { recursive: true }).sort()).toEqual([
      'PG_VERSION',
      'base',
      'base/5',
      'base/5/1259',
      'pg_replslot',
      'pg_subtrans',
    ]);
    expect(readFileSync(join(paths.staging, 'base/5/1259'), 'utf8')).toBe('base/5/1259');
    expect(statSync(join(paths.staging, 'base/5/1259')).mode & 0o777).toBe(0o600);
    expect(statSync(paths.staging).mode & 0o777).toBe(0o700);

    // Either way nothing of the trial is left.
    expect(typeof (await clonesFiles(data, paths))).toBe('boolean');
    expect(readdirSync(paths.own)).toEqual(['staging']);
    expect(existsSync(join(data, 'PG_VERSION'))).toBe(true);
  });
});
