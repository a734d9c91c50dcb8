import { constants } from 'node:fs';
import { copyFile, cp, mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { notOfAnybody } from '../decision/data-directory-state.ts';
import type { DataVolumePaths } from '../decision/data-volume-paths.ts';
import { namesIn } from '../store/stored-records.ts';

/** Folders that belong to the server that ran; a base backup has them empty too (PostgreSQL manual, "Streaming Replication Protocol", BASE_BACKUP). */
const emptied: ReadonlySet<string> = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);

/** Copies a data directory whose server does not run, where the file system can by sharing its blocks until they are written. */
export async function cloneTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  // Each by itself: where PGDATA is the root of its volume, the copy lies in it.
  for (const name of (await namesIn(from)).filter((each) => !notOfAnybody.has(each) && each !== 'postmaster.pid')) {
    await cp(join(from, name), join(to, name), {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => !emptied.has(relative(from, dirname(source))) && !basename(source).startsWith('pgsql_tmp'),
    });
  }
}

/** Whether a copy beside PGDATA takes no room until it is written: tried with a file of a few bytes. Whatever stands in the way, it does not then. */
export async function clonesFiles(dataDirectory: string, paths: DataVolumePaths): Promise<boolean> {
  const tried = join(paths.own, 'clone-tried');
  return copyFile(join(dataDirectory, 'PG_VERSION'), tried, constants.COPYFILE_FICLONE_FORCE)
    .then(
      () => true,
      () => false,
    )
    .finally(() => rm(tried, { force: true }).catch(() => undefined));
}
