import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { notOfAnybody } from '../decision/data-directory-state.ts';
import type { DataVolumePaths } from '../decision/data-volume-paths.ts';
import { isMountPoint } from '../decision/mount-point.ts';
import { namesIn } from '../store/stored-records.ts';
import { errorCode, syncDirectory, writeDurably } from '../store/durable-file.ts';

/**
 * Makes the finished staging directory PGDATA. One rename(2) where PGDATA can be replaced; where it cannot (it is a mount
 * point, or lost+found lies in it) its entries are moved in one by one, under the file `filling`, pg_control last:
 * without it no server starts on half of them.
 */
export async function moveIntoPlace(paths: DataVolumePaths, dataDirectory: string): Promise<void> {
  if (await isReplaceable(dataDirectory)) {
    await rename(paths.staging, dataDirectory);
    await syncDirectory(dirname(dataDirectory));
    await syncDirectory(paths.own);
    return;
  }
  await writeDurably(paths.filling, `${dataDirectory}\n`);
  await finishFilling(paths, dataDirectory);
}

/** Goes on from wherever an earlier run was killed; initdb.sh does the same things in the same order. */
export async function finishFilling(paths: DataVolumePaths, dataDirectory: string): Promise<void> {
  const control = join('global', 'pg_control');
  await renameIfThere(join(paths.staging, control), paths.heldControlFile);
  for (const name of await namesIn(paths.staging)) {
    await rename(join(paths.staging, name), join(dataDirectory, name));
  }
  await chmod(dataDirectory, 0o700);
  await syncDirectory(join(dataDirectory, 'global'));
  await syncDirectory(dataDirectory);
  await renameIfThere(paths.heldControlFile, join(dataDirectory, control));
  await syncDirectory(join(dataDirectory, 'global'));
  await rm(paths.staging, { recursive: true, force: true });
  await rm(paths.filling, { force: true });
  await syncDirectory(paths.own);
}

/** Removes what a restore, a copy or an initialisation left unfinished. PGDATA itself is not touched: it is empty then. */
export async function clearStaging(paths: DataVolumePaths): Promise<void> {
  await rm(paths.staging, { recursive: true, force: true });
  await rm(paths.filling, { force: true });
}

/**
 * Removes what an initialisation that was cut off made in PGDATA; its state says that it is that. The folder with pg_control
 * goes last: it says whose the rest is.
 */
export async function takeBackInitialisation(paths: DataVolumePaths, dataDirectory: string): Promise<void> {
  await rm(paths.staging, { recursive: true, force: true });
  const names = (await namesIn(dataDirectory)).filter((name) => !notOfAnybody.has(name));
  for (const name of names.filter((each) => each !== 'global')) {
    await rm(join(dataDirectory, name), { recursive: true, force: true });
  }
  await renameIfThere(join(dataDirectory, 'global'), paths.staging);
  await rm(paths.staging, { recursive: true, force: true });
  await rm(paths.initialising, { force: true });
  await syncDirectory(paths.own);
}

async function isReplaceable(dataDirectory: string): Promise<boolean> {
  try {
    if (!(await stat(dataDirectory)).isDirectory() || (await isMountPoint(dataDirectory))) {
      return false;
    }
    // rename(2) replaces a directory only where it is empty.
    return (await readdir(dataDirectory)).length === 0;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw error;
    }
    await mkdir(dirname(dataDirectory), { recursive: true, mode: 0o700 });
    return true;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw error;
    }
  }
}
