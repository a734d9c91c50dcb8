import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../store/durable-file.ts';
import { fileBlocks } from '../store/file-blocks.ts';
import { storeNames } from '../store/layout.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import { readWalInventory } from '../store/wal-inventory.ts';
import { timelineName } from '../store/wal-name.ts';
import type { WalPlace } from './segment-file.ts';

/**
 * The WAL that recovery can use. A `.partial` that is shorter than a segment and holds only zeros was being padded when
 * its receiver was killed (pg_receivewal pads before it writes the first byte): it is no WAL. A short one with data is
 * kept: reading it then fails loudly.
 */
export async function readStoreWal(place: WalPlace): Promise<WalInventory> {
  const wal = await readWalInventory(place.root, place.systemId);
  const partial = new Map<number, ReadonlySet<string>>();
  for (const [timeline, names] of wal.partial) {
    const kept = new Set<string>();
    for (const name of names) {
      const folder = join(place.root, place.systemId, storeNames.incoming, timelineName(timeline));
      if (!(await isUnfinishedPadding(join(folder, `${name}.partial`), place.segmentSize))) {
        kept.add(name);
      }
    }
    partial.set(timeline, kept);
  }
  return { ...wal, partial };
}

async function isUnfinishedPadding(path: string, segmentSize: number): Promise<boolean> {
  try {
    if ((await stat(path)).size >= segmentSize) {
      return false;
    }
    const file = await open(path, 'r');
    try {
      for await (const block of fileBlocks(file)) {
        if (block.some((byte) => byte !== 0)) {
          return false;
        }
      }
      return true;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return true;
    }
    throw error;
  }
}
