import { stat } from 'node:fs/promises';
import { storeNames } from '../store/layout.ts';
import { readStoredRecords } from '../store/stored-records.ts';
import { parseDumpManifest } from './dump-manifest.ts';
import type { DumpManifest } from './dump-manifest.ts';

/** `20261201T041500Z`: when it began, in UTC. */
export function dumpIdOf(startedAt: Date): string {
  return startedAt.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
}

export interface StoredDumps {
  /** Oldest first. */
  readonly complete: readonly DumpManifest[];
  /** With a DUMP.json that cannot be read. */
  readonly damaged: readonly { readonly id: string; readonly reason: string }[];
}

/** Reads them again only where the folder changed: looked at every second, and a DUMP.json names each file of each table. */
export function createDumpsReader(folder: string): () => Promise<StoredDumps> {
  let known: { readonly changed: number; readonly dumps: StoredDumps } | undefined;
  return async () => {
    const changed = await stat(folder).then(
      ({ mtimeMs }) => mtimeMs,
      () => NaN,
    );
    if (known?.changed === changed) return known.dumps;
    const dumps = await readDumps(folder);
    // What changed within the tick of the clock just now may change once more in it.
    known = Date.now() - changed > 2000 ? { changed, dumps } : undefined;
    return dumps;
  };
}

/** @param folder that dumps lie in; where it is missing there are none. @throws where it cannot be listed. */
export async function readDumps(folder: string): Promise<StoredDumps> {
  const { complete, damaged } = await readStoredRecords(folder, storeNames.dumpManifest, parseDumpManifest);
  return { complete: complete.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt)), damaged };
}
