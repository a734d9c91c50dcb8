import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { linkedTo } from '../restore/linked-to.ts';
import type { OutsidePart, PartPlaces } from '../restore/outside-parts.ts';
import { mountOf, tablespaceLink, walLink } from '../restore/outside-parts.ts';
import { namesIn } from '../store/stored-records.ts';
import { errorCode } from '../store/durable-file.ts';

/** The parts that PGDATA links to, on volumes that this container sees. */
export async function linkedParts(dataDirectory: string, places: PartPlaces): Promise<readonly OutsidePart[]> {
  const oids = (await namesIn(join(dataDirectory, 'pg_tblspc'))).filter((name) => /^\d+$/.test(name));
  const parts: OutsidePart[] = [];
  for (const link of [walLink, ...oids.map(tablespaceLink)]) {
    const location = await linkedTo(join(dataDirectory, link));
    if (location !== null && mountOf(location, places) !== undefined) {
      parts.push({ link, location });
    }
  }
  return parts;
}

/**
 * What a database lacks although PGDATA is there, a clause each: the volume of its WAL or of a tablespace was lost, or is not mounted.
 * Without its WAL no server starts; without a tablespace one does, and each query of what is in it fails.
 * @param recovering a restore brought it, whose WAL comes from the store.
 */
export async function lostParts(
  dataDirectory: string,
  places: PartPlaces,
  recovering: boolean,
): Promise<readonly string[]> {
  const lost: string[] = [];
  const parts = await linkedParts(dataDirectory, places);
  for (const part of parts) {
    const names = await namesOrNull(part.location);
    const what = part.link === walLink ? 'its WAL' : `tablespace ${part.link.replace(/.*\//, '')}`;
    if (names === null) {
      lost.push(`${what} should be in ${part.location}, which is not there`);
    } else if (part.link === walLink ? !recovering && !hasSegment(names) : isBareVolume(part, names, places)) {
      lost.push(`${what} should be in ${part.location}, where there is nothing of it`);
    }
  }
  const ownWal = await namesOrNull(join(dataDirectory, walLink));
  if (ownWal === null && !parts.some(({ link }) => link === walLink)) {
    const link = await linkedTo(join(dataDirectory, walLink));
    // One to a place that only the server sees is the server's to judge.
    if (link === null) {
      lost.push(`it has no ${walLink}`);
    }
  }
  return lost;
}

function hasSegment(names: readonly string[]): boolean {
  return names.some((name) => /^[0-9A-F]{24}$/.test(name));
}

/** The empty folder of a tablespace may be one that a crash left of DROP TABLESPACE; that of a whole volume is a lost one. */
function isBareVolume({ location }: OutsidePart, names: readonly string[], places: PartPlaces): boolean {
  return mountOf(location, places) === location && !names.some((name) => name.startsWith('PG_'));
}

async function namesOrNull(directory: string): Promise<readonly string[] | null> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}
