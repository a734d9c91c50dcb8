import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { notOfAnybody } from '../decision/data-directory-state.ts';
import type { DataVolumePaths } from '../decision/data-volume-paths.ts';
import { isMountPoint } from '../decision/mount-point.ts';
import { finishFilling, moveIntoPlace } from '../restore/move-into-place.ts';
import { namesIn } from '../store/stored-records.ts';
import { syncDirectory, writeDurably } from '../store/durable-file.ts';
import { isThere } from '../store/is-there.ts';

/**
 * The whole copy in staging/ becomes PGDATA, and what was PGDATA goes to replaced/<id>. From the marker `replacing` on it is only gone forward:
 * until then PGDATA is as it was, behind it both are whole, whatever is cut off.
 */
export async function replaceData(paths: DataVolumePaths, dataDirectory: string, id: string): Promise<void> {
  await writeDurably(paths.replacing, `${id}\n`);
  await finishReplacing(paths, dataDirectory, id);
}

/** Goes on from wherever an earlier run was killed. */
export async function finishReplacing(paths: DataVolumePaths, dataDirectory: string, id: string): Promise<void> {
  if (await isThere(paths.filling)) {
    await finishFilling(paths, dataDirectory);
  } else if (await isThere(paths.staging)) {
    await moveAside(paths, dataDirectory, id);
    await moveIntoPlace(paths, dataDirectory);
  }
}

/** Called once what became of the order is written down. */
export async function endReplacing(paths: DataVolumePaths): Promise<void> {
  await rm(paths.replacing, { force: true });
  await syncDirectory(paths.own);
}

/** One rename(2), or, where PGDATA is a mount point, its entries, the folder with pg_control first: no server starts on the rest. */
export async function moveAside(paths: DataVolumePaths, dataDirectory: string, id: string): Promise<void> {
  const aside = join(paths.replaced, id);
  await mkdir(paths.replaced, { recursive: true, mode: 0o700 });
  if (!(await isThere(dataDirectory))) {
    return;
  }
  const isOneFolder =
    (await stat(dataDirectory)).isDirectory() &&
    !(await isMountPoint(dataDirectory)) &&
    !paths.own.startsWith(`${dataDirectory}/`);
  if (isOneFolder && !(await isThere(aside))) {
    await rename(dataDirectory, aside);
    await syncDirectory(dirname(dataDirectory));
    await syncDirectory(paths.replaced);
    return;
  }
  await mkdir(aside, { recursive: true, mode: 0o700 });
  const names = (await namesIn(dataDirectory)).filter((name) => !notOfAnybody.has(name));
  for (const name of ['global', ...names.filter((each) => each !== 'global')].filter((each) => names.includes(each))) {
    await rename(join(dataDirectory, name), join(aside, name));
    if (name === 'global') {
      await syncDirectory(dataDirectory);
    }
  }
  await syncDirectory(dataDirectory);
  await syncDirectory(aside);
}

/** Given up, and to be rewound: what is cut off from here on leaves an empty PGDATA, and the next start copies the primary. */
export async function moveToStaging(paths: DataVolumePaths, dataDirectory: string, id: string): Promise<void> {
  await moveAside(paths, dataDirectory, id);
  await rename(join(paths.replaced, id), paths.staging);
  await syncDirectory(paths.replaced);
  await syncDirectory(paths.own);
}

/** The old data is gone for good. */
export async function forgetReplaced(paths: DataVolumePaths): Promise<void> {
  await rm(paths.replaced, { recursive: true, force: true });
  await syncDirectory(paths.own);
}
