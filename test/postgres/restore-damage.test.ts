import { copyFileSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import { missingTools } from '../support/tool.ts';
import type { DatabaseWithStore } from './support/database-with-store.ts';
import { damage, numbers, rowsOf, runRestoreProcess } from './support/database-with-store.ts';
import { lostDatabase } from './support/lost-database.ts';
import { twoBackups } from './support/two-backups.ts';

/** Either each row up to the promised point comes back, or nothing is started and a line says why. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('a store that is damaged', () => {
  let database: DatabaseWithStore;
  let backups: readonly BaseBackupRecord[];
  const lost = lostDatabase('damage', async (made) => {
    database = made;
    backups = await twoBackups(database);
  });

  it('goes back to an older base backup where the newest is damaged, and loses nothing', async () => {
    const archive = join(database.root, database.systemId, 'base', backups[1]?.id ?? '', 'base.tar.gz');
    damage(archive, readFileSync(archive));
    await lost.serve();
    const result = await runRestoreProcess(database, database.contract());
    expect(result.output).toContain(`base backup ${backups[1]?.id ?? ''} is damaged`);
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it.each([
    [
      'a flipped bit',
      (path: string) => {
        damage(path, readFileSync(path));
      },
    ],
    [
      'a truncated archive',
      (path: string) => {
        truncateSync(path, Math.floor(statSync(path).size / 2));
      },
    ],
    [
      'an archive that is gone',
      (path: string) => {
        rmSync(path);
      },
    ],
  ])('does not start where every base backup is damaged: %s', async (_, harm) => {
    for (const backup of backups) {
      const archive = backup.archives.find((found) => found.file.startsWith('base'))?.file ?? '';
      harm(join(database.root, database.systemId, 'base', backup.id, archive));
    }
    const result = await runRestoreProcess(database, database.contract());
    expect(result.code).toBe(1);
    expect(result.reason).toContain('every base backup that leads there is damaged');
    expect(readdirSync(database.volume)).toEqual(['.pgusher']);
  });

  it('does not start where a damaged manifest cannot vouch for the files', async () => {
    for (const backup of backups) {
      const manifest = join(database.root, database.systemId, 'base', backup.id, 'backup_manifest');
      damage(manifest, readFileSync(manifest));
    }
    const result = await runRestoreProcess(database, database.contract());
    expect(result.reason).toContain('backup_manifest is damaged: its own checksum is wrong');
  });

  it('does not start where a segment in the middle is missing, and says what can be had', async () => {
    rmSync(database.segmentPath(-2));
    const result = await runRestoreProcess(database, database.contract());
    expect(result.code).toBe(1);
    expect(result.reason).toMatch(
      /^WAL segment 0000000100000000000000\w\w is missing in the store, and 0000000100000000000000\w\w proves that the database went on behind it: a restore would lose those rows\. Bring what is missing back; to accept the loss, restore up to it: from .* last commit in the store\)$/,
    );
    expect(readdirSync(database.volume)).toEqual(['.pgusher']);
  });

  it('does not start where the last finished segment is missing before the unfinished one', async () => {
    rmSync(database.segmentPath(-1));
    expect((await runRestoreProcess(database, database.contract())).reason).toContain('is missing in the store, and');
  });

  it('restores to the end of the last finished segment where there is no unfinished one', async () => {
    database.partials().forEach((path) => {
      rmSync(path);
    });
    await lost.serve();
    await lost.restore();
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 90));
  });

  it('takes an unfinished segment that was only being padded for what it is: nothing', async () => {
    const [partial] = database.partials();
    truncateSync(partial ?? '', 0);
    truncateSync(partial ?? '', 4096);
    await lost.serve();
    await lost.restore();
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 90));
  });

  it('does not start on an unfinished segment of a wrong size that holds data', async () => {
    const [partial] = database.partials();
    truncateSync(partial ?? '', 65_536);
    const result = await runRestoreProcess(database, database.contract());
    expect(result.reason).toMatch(/\.partial holds 65536 bytes; wanted a WAL segment's 1048576$/);
  });

  it('does not tell a wrong major from a right one only after an hour: refused before anything is written', async () => {
    const result = await runRestoreProcess(database, database.contract({ major: 17 }));
    expect(result.reason).toBe(
      `base backup ${backups[1]?.id ?? ''} is of PostgreSQL 15, the server's image is PostgreSQL 17. Wanted: the same major; restore with an image of 15, then upgrade`,
    );
    expect(readdirSync(database.volume)).toEqual(['.pgusher']);
  });

  it('leaves a store with a base backup alone where it must not be restored', async () => {
    const result = await runRestoreProcess(database, database.contract({ bootstrap: 'initialize' }));
    expect(result.reason).toBe(
      `the store holds 2 base backups of system ${database.systemId}, but postgres.io/bootstrap is "initialize". Wanted: "auto" or "restore" to bring them back, or another postgres.io/backup-prefix to begin anew`,
    );
  });

  it('refuses a base backup with tablespaces on no volume of the pod', async () => {
    const record = join(database.root, database.systemId, 'base', backups[1]?.id ?? '', 'DONE.json');
    const tablespaces = JSON.stringify([{ oid: '16390', location: '/fast/disk' }]);
    writeFileSync(record, readFileSync(record, 'utf8').replace('"tablespaces": []', `"tablespaces": ${tablespaces}`));
    expect((await runRestoreProcess(database, database.contract())).reason).toBe(
      `base backup ${backups[1]?.id ?? ''} holds tablespaces (16390 at /fast/disk) that lie on no claim that the server's container mounts, so that they are lost with the pod and cannot be put back. Move them to a mounted claim (ALTER TABLE ... SET TABLESPACE), or drop them`,
    );
  });

  it('refuses a restore that the volume has no room for', async () => {
    const record = join(database.root, database.systemId, 'base', backups[1]?.id ?? '', 'DONE.json');
    copyFileSync(record, `${record}.kept`);
    writeFileSync(record, readFileSync(record, 'utf8').replace(/"size": \d+/, `"size": ${2 ** 50}`));
    const result = await runRestoreProcess(database, database.contract());
    expect(result.reason).toMatch(/free, the restore needs \d+\.\d TiB .* Use a larger volume$/);
  });
});
