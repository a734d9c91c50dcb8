import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBaseBackups } from '../store/base-backups.ts';
import { errorCode } from '../store/durable-file.ts';
import { readIdentity } from '../store/identity.ts';
import { storeNames } from '../store/layout.ts';

/** Complete base backups beside the set's own, still empty, folder: of the same database under another name, or of another one. */
export interface Neighbour {
  /** As postgres.io/restore-from takes it. */
  readonly prefix: string;
  readonly namespace: string;
  readonly set: string;
  readonly systemId: string;
  readonly backups: number;
  /** ISO 8601. */
  readonly newest: string;
}

/** A prefix is `<namespace>/<set>` unless somebody wrote another; deeper than this nobody looks. */
const depth = 4;

/** @throws where a folder cannot be read: what cannot be seen must not be taken for absent. */
export async function findNeighbours(mount: string, ownPrefix: string): Promise<readonly Neighbour[]> {
  const found: Neighbour[] = [];
  for (const prefix of await storesBelow(mount, '', depth)) {
    if (prefix === ownPrefix) {
      continue;
    }
    const reading = await readIdentity(join(mount, prefix));
    if (reading.kind === 'unreadable') {
      throw new Error(reading.reason);
    }
    if (reading.kind === 'absent' || reading.identity.systemId === null) {
      continue;
    }
    const { namespace, set, systemId } = reading.identity;
    const { complete } = await readBaseBackups(join(mount, prefix), systemId);
    const newest = complete.at(-1)?.finishedAt;
    if (newest !== undefined) {
      found.push({ prefix, namespace, set, systemId, backups: complete.length, newest });
    }
  }
  return found;
}

/** Prefixes of stores; nothing is looked for inside one. */
async function storesBelow(mount: string, prefix: string, levels: number): Promise<string[]> {
  const entries = await readdir(join(mount, prefix), { withFileTypes: true }).catch((error: unknown) => {
    // Made by mkfs, for root alone; and what was removed meanwhile.
    if (errorCode(error) === 'ENOENT' || prefix.endsWith('lost+found')) {
      return [];
    }
    throw error;
  });
  if (entries.some((entry) => entry.name === storeNames.identity)) {
    return [prefix];
  }
  const stores: string[] = [];
  for (const entry of levels === 0 ? [] : entries) {
    if (entry.isDirectory()) {
      stores.push(...(await storesBelow(mount, join(prefix, entry.name), levels - 1)));
    }
  }
  return stores.sort();
}

/** For a person: what is there, and the exact annotation that starts from it. */
export function neighboursText(neighbours: readonly Neighbour[], set: string): string {
  const shown = neighbours
    .slice(0, 3)
    .map(
      (one) =>
        `${one.backups} base backup${one.backups === 1 ? '' : 's'} of ${one.namespace}/${one.set} in ${one.prefix} (newest ${one.newest})`,
    );
  const more = neighbours.length > 3 ? ` and ${neighbours.length - 3} more` : '';
  const from =
    neighbours.length === 1
      ? (neighbours[0]?.prefix ?? '')
      : `<one of ${neighbours.map(({ prefix }) => prefix).join(', ')}>`;
  return (
    `the claim for backups holds ${shown.join(', ')}${more}, and nothing of ${set} yet. ` +
    `To start from them write postgres.io/restore-from: "${from}"; to begin with an empty database beside them write postgres.io/bootstrap: "initialize"`
  );
}
