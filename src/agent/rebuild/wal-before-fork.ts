import { join } from 'node:path';
import type { WalPlace } from '../restore/segment-file.ts';
import { writeSegment } from '../restore/segment-file.ts';
import { isThere } from '../store/is-there.ts';
import { readWalInventory } from '../store/wal-inventory.ts';
import { parseSegment, segmentName } from '../store/wal-name.ts';

/**
 * The store of this pod, for the WAL before the fork: pg_rewind reads back to the last checkpoint that both have, and a server drops what lies between that
 * one and the fork at its own next checkpoint, that of its shutdown too. Behind the fork the slots of the standbys keep it in the old data, and what a store has
 * there may be another server's.
 */
export interface WalBeforeFork {
  readonly place: WalPlace;
  readonly fork: bigint;
}

/** The segment that pg_rewind did not find in its target; null: it failed of something else. */
export function segmentNotFound(error: unknown): string | null {
  return (
    /could not open file "[^"]*\/pg_wal\/([0-9A-F]{24})"/.exec(error instanceof Error ? error.message : '')?.[1] ?? null
  );
}

export function notInStore(name: string): string {
  return `pg_rewind reads back to the last checkpoint before the fork, and ${name} is neither in the old data any more nor in the store of this pod`;
}

export async function hasSegment({ place, fork }: WalBeforeFork, name: string): Promise<boolean> {
  const { timeline, number } = parseSegment(name, place.segmentSize);
  if (number >= fork / BigInt(place.segmentSize)) {
    return false;
  }
  const { segments } = await readWalInventory(place.root, place.systemId);
  return segments.get(timeline)?.has(name) === true;
}

/** Puts the segment where pg_rewind looks for it, and up to `count` in all of those before. False: it is there, or the store has none. */
export async function bringSegments(
  wal: WalBeforeFork,
  name: string,
  count: number,
  directory: string,
): Promise<boolean> {
  const { place } = wal;
  const { timeline, number } = parseSegment(name, place.segmentSize);
  let brought = 0;
  for (let at = number; at >= 0n && brought < count; at -= 1n) {
    const step = { name: segmentName({ timeline, number: at }, place.segmentSize), number: at, timeline } as const;
    const target = join(directory, 'pg_wal', step.name);
    if (
      (await isThere(target)) ||
      !(await hasSegment(wal, step.name)) ||
      !(await writeSegment(place, { ...step, form: 'whole', cutAt: null }, target))
    ) {
      break;
    }
    brought += 1;
  }
  return brought > 0;
}
