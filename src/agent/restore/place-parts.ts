import { mkdir, readFile, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ownFolder } from '../decision/data-volume-paths.ts';
import { namesIn } from '../store/stored-records.ts';
import { errorCode, syncDirectory, writeDurably } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';
import type { OutsidePart } from './outside-parts.ts';
import { walLink } from './outside-parts.ts';

/**
 * A part is staged in a folder of ours in its own place, so that one rename(2) an entry brings it in and nothing needs rights but
 * there. `<location>/.pgusher/`:
 *
 *   staging/          a restore under way
 *   placed            names of what was moved in by a restore that has not come to its end: the next one removes these, and nothing else
 *   before-<time>/    what lay there before; never removed by us
 *
 * PGDATA comes last of all. Until then nobody can start on the parts, and whatever is cut off begins anew.
 */
export function partStaging(part: OutsidePart): string {
  return join(ownPart(part.location), 'staging');
}

function ownPart(location: string): string {
  return join(location, ownFolder);
}

/** An empty folder for each, in a place that may have to be made. @throws system errors, with the place. */
export async function preparePartStaging(parts: readonly OutsidePart[]): Promise<void> {
  for (const part of parts) {
    await clearPart(part);
    await mkdir(partStaging(part), { recursive: true, mode: 0o700 });
  }
}

/** Takes back what a restore that did not come to its end left in a part's place. */
export async function clearPart({ location }: OutsidePart): Promise<void> {
  const own = ownPart(location);
  await rm(join(own, 'staging'), { recursive: true, force: true });
  const placed = await namesPlaced(join(own, 'placed'));
  if (placed !== null) {
    for (const name of (await foreignTo(location)).filter((found) => placed.includes(found))) {
      await rm(join(location, name), { recursive: true, force: true });
    }
    await syncDirectory(location);
    await rm(join(own, 'placed'), { force: true });
  }
  await removeIfEmpty(own);
}

/**
 * Moves what was staged into its place; what lay there, of an older life of the volume, goes aside. For the WAL that is all there is:
 * a stale segment would be replayed.
 * @returns the folders with what lay there.
 */
export async function placeParts(parts: readonly OutsidePart[], time: Date): Promise<readonly string[]> {
  const aside: string[] = [];
  for (const part of parts) {
    const { location } = part;
    const own = ownPart(location);
    const staged = await readdir(partStaging(part));
    const there = await foreignTo(location);
    const inTheWay = part.link === walLink ? there : there.filter((name) => staged.includes(name));
    if (inTheWay.length > 0) {
      const before = join(own, `before-${time.toISOString().replace(/[-:]|\.\d+/g, '')}`);
      await mkdir(before, { recursive: true, mode: 0o700 });
      for (const name of inTheWay) {
        await rename(join(location, name), join(before, name));
      }
      await syncDirectory(before);
      await syncDirectory(location);
      aside.push(before);
    }
    await writeDurably(join(own, 'placed'), `${staged.join('\n')}\n`);
    for (const name of staged) {
      await rename(join(partStaging(part), name), join(location, name));
    }
    await syncDirectory(location);
    await syncDirectory(dirname(location));
  }
  return aside;
}

/** PGDATA is there: what was placed is the database's. */
export async function settleParts(parts: readonly OutsidePart[]): Promise<void> {
  for (const { location } of parts) {
    const own = ownPart(location);
    await rm(join(own, 'placed'), { force: true });
    await rm(join(own, 'staging'), { recursive: true, force: true });
    await removeIfEmpty(own);
  }
}

async function foreignTo(location: string): Promise<readonly string[]> {
  return (await namesIn(location)).filter((name) => name !== ownFolder && name !== 'lost+found');
}

async function namesPlaced(path: string): Promise<readonly string[] | null> {
  try {
    return (await readFile(path, 'utf8')).split('\n');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

/** But for what a file under way left that was cut off (durable-file.ts). */
async function removeIfEmpty(directory: string): Promise<void> {
  for (const name of (await namesIn(directory)).filter((found) => found.startsWith(storeNames.temporaryPrefix))) {
    await rm(join(directory, name), { force: true });
  }
  try {
    await rmdir(directory);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) {
      throw error;
    }
  }
}
