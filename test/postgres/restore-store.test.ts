import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { giveToServer, ownedDirectory, serverOwner } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import type { DatabaseWithStore } from './support/database-with-store.ts';
import { numbers, rowsOf, runRestoreProcess } from './support/database-with-store.ts';
import type { RestoreOptions } from './support/database-with-store.ts';
import { lostDatabase } from './support/lost-database.ts';

/** With an empty volume: a store that cannot be believed is never taken for an empty one. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('restore from a store', () => {
  let database: DatabaseWithStore;
  const lost = lostDatabase('store', async (made) => {
    database = made;
    await database.begin();
    await database.write(1, 10);
    database.backup();
    await database.write(11, 15);
    await database.received();
    database.move();
  });

  /** Nothing was restored, nothing may be initialised. @returns the reason. */
  async function refusal(options: RestoreOptions = {}): Promise<string> {
    const result = await runRestoreProcess(database, database.contract(), options);
    expect(result.code).toBe(1);
    expect(readdirSync(database.volume)).toEqual(['.pgusher']);
    expect(existsSync(join(database.shared, 'decision'))).toBe(false);
    return result.reason;
  }

  function changeIdentity(change: (text: string) => string): void {
    const path = join(database.root, 'STORE.json');
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }

  it('that is gone stops, and says what was looked at', async () => {
    const mount = join(database.directory, 'store');
    rmSync(mount, { recursive: true });
    expect(await refusal({ mustBeMount: true })).toContain(`nothing is mounted at ${mount}`);
    expect(existsSync(mount)).toBe(false);
  });

  it('that is not mounted stops, however empty the directory in its place is', async () => {
    const mount = join(database.directory, 'store');
    rmSync(mount, { recursive: true });
    ownedDirectory(mount);
    expect(await refusal({ mustBeMount: true })).toContain(
      `nothing is mounted at ${mount}: it is a plain directory of the container`,
    );
    expect(readdirSync(mount)).toEqual([]);
  });

  it('of another set stops', async () => {
    changeIdentity((text) => text.replace('"db"', '"other"'));
    expect(await refusal()).toContain('shop/other');
  });

  it.each([
    ['cannot be parsed', (text: string) => text.slice(0, 10)],
    ['is of a newer format', (text: string) => text.replace('"format": 1', '"format": 2')],
  ])('whose identity %s stops', async (_, change) => {
    changeIdentity(change);
    expect(await refusal()).toContain('STORE.json');
  });

  it('whose identity is gone stops: the backups are there', async () => {
    rmSync(join(database.root, 'STORE.json'));
    expect(await refusal()).toContain(
      `${database.root} holds backups of system ${database.systemId} but no STORE.json`,
    );
  });

  it('with WAL and no complete base backup stops: data existed', async () => {
    rmSync(join(database.root, database.systemId, 'base'), { recursive: true });
    expect(await refusal()).toContain(`system ${database.systemId}`);
  });

  describe.skipIf(!canMount())('on a file system of its own', () => {
    const mount = (): string => join(database.directory, 'store');
    let mounted = false;
    afterEach(() => {
      if (mounted) {
        execFileSync('umount', ['--lazy', mount()]);
        mounted = false;
      }
    });
    /** The store moves to a tmpfs. */
    function mountStore(): void {
      const { uid, gid } = serverOwner();
      const aside = join(database.directory, 'aside');
      renameSync(mount(), aside);
      ownedDirectory(mount());
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=100m,uid=${uid},gid=${gid}`, 'pgusher-test', mount()]);
      mounted = true;
      execFileSync('cp', ['-a', `${aside}/.`, mount()]);
      rmSync(aside, { recursive: true });
    }

    it('restores', async () => {
      mountStore();
      const result = await runRestoreProcess(database, database.contract(), { mustBeMount: true });
      expect(result.reason).toBe('');
      await lost.serve();
      expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 15));
    });

    /** Restored, with what went wrong in its log, and no file in the store is another. */
    async function restoresUnwritable(words: string): Promise<void> {
      const files = (): string[] =>
        readdirSync(database.root, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort();
      const before = files();
      const result = await runRestoreProcess(database, database.contract(), { mustBeMount: true });
      expect(result.reason).toBe('');
      expect(result.output).toMatch(
        new RegExp(
          `cannot be written: ${words}.*; until it can be, nothing is archived and this database is NOT protected`,
        ),
      );
      await lost.serve();
      expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 15));
      expect(files()).toEqual(before);
    }

    it('that is read-only is restored from', async () => {
      mountStore();
      execFileSync('mount', ['-o', 'remount,ro', mount()]);
      await restoresUnwritable('EROFS: read-only file system');
    });

    it('that is bound read-only, as a claim is, is restored from', async () => {
      const { directory } = database;
      const writable = join(directory, 'writable');
      renameSync(mount(), writable);
      ownedDirectory(mount());
      execFileSync('mount', ['--bind', writable, mount()]);
      mounted = true;
      execFileSync('mount', ['-o', 'remount,bind,ro', mount()]);
      await restoresUnwritable('EROFS: read-only file system');
    });

    it('that is full is restored from', async () => {
      mountStore();
      const ballast = join(mount(), 'ballast');
      execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2>/dev/null || true', 'sh', ballast]);
      giveToServer(ballast);
      await restoresUnwritable('ENOSPC: no space left on device');
    });

    it('that is read-only and empty stops: nothing proves that there was nothing', async () => {
      mountStore();
      rmSync(database.root, { recursive: true });
      execFileSync('mount', ['-o', 'remount,ro', mount()]);
      expect(await refusal({ mustBeMount: true })).toContain('cannot be written: EROFS: read-only file system');
      execFileSync('mount', ['-o', 'remount,rw', mount()]);
      expect((await runRestoreProcess(database, database.contract(), { mustBeMount: true })).reason).toBe('');
    });

    it('that is read-only and without a complete backup stops', async () => {
      mountStore();
      rmSync(join(database.root, database.systemId, 'base'), { recursive: true });
      execFileSync('mount', ['-o', 'remount,ro', mount()]);
      expect(await refusal({ mustBeMount: true })).toContain('cannot be written: EROFS: read-only file system');
    });
  });
});
