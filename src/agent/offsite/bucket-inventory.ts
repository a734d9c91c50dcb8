import { parseBackupRecord } from '../store/base-backups.ts';
import { sortByPosition } from '../store/backup-order.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import { isSegmentName } from '../store/wal-name.ts';
import type { Piece } from './piece.ts';
import { coveredTo, readPieceKey } from './piece.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { SetPlace } from './set-place.ts';
import { readSmallObject } from './small-object.ts';

/** What the off-site copy of a set holds; keys are paths in the claim. */
export interface BucketInventory {
  /** Key → bytes. */
  readonly files: ReadonlyMap<string, number>;
  /** What stands in the small ones that are written again. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Whether what stands in it counts: small, and written more than once. */
export function isRecordKey(key: string): boolean {
  return key.endsWith('.json');
}

/**
 * Lists the folder and reads its records, those of `known` not again.
 * @throws PlaceTrouble
 */
export async function readBucketInventory(
  place: SetPlace,
  known: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<{ readonly files: Map<string, number>; readonly texts: Map<string, string> }> {
  const listed = await place.list('', signal);
  if (listed.outcome !== 'listed') {
    throw new PlaceTrouble(listed);
  }
  const files = new Map(listed.objects.map(({ key, size }) => [key, size]));
  const texts = new Map<string, string>();
  for (const key of [...files.keys()].filter(isRecordKey)) {
    const text = known.get(key) ?? (await readSmallObject(place, key, signal))?.text;
    if (text === undefined) {
      // Removed since it was listed.
      files.delete(key);
    } else {
      texts.set(key, text);
    }
  }
  return { files, texts };
}

export interface BucketBackups {
  /** Oldest first. */
  readonly complete: readonly BaseBackupRecord[];
  readonly damaged: readonly { readonly id: string; readonly reason: string }[];
}

/** Those with a DONE.json: it is written last. */
export function backupsIn({ texts }: BucketInventory, systemId: string): BucketBackups {
  const complete: BaseBackupRecord[] = [];
  const damaged: { id: string; reason: string }[] = [];
  for (const [key, text] of texts) {
    const id = doneOf(key, systemId);
    if (id !== undefined) {
      const record = parseBackupRecord(text);
      if (typeof record === 'string' || record.id !== id) {
        damaged.push({ id, reason: typeof record === 'string' ? record : `it is the record of ${record.id}` });
      } else {
        complete.push(record);
      }
    }
  }
  return { complete: sortByPosition(complete), damaged };
}

function doneOf(key: string, systemId: string): string | undefined {
  const [system, base, id, file, more] = key.split('/');
  return system === systemId && base === storeNames.base && file === storeNames.done && more === undefined
    ? id
    : undefined;
}

/** Pieces by segment. */
export function piecesIn(files: Iterable<string>): ReadonlyMap<string, readonly Piece[]> {
  const pieces = new Map<string, Piece[]>();
  for (const key of files) {
    const piece = readPieceKey(key);
    if (piece !== undefined) {
      const known = pieces.get(piece.segment) ?? [];
      known.push(piece);
      pieces.set(piece.segment, known);
    }
  }
  return pieces;
}

/** `…/wal/<timeline>/<segment>.zst` → the segment's name. */
export function segmentOf(key: string): string | undefined {
  const name = /^\d+\/wal\/[0-9A-F]{8}\/([0-9A-F]{24})(?:\.zst|\.gz)?$/.exec(key)?.[1];
  return name !== undefined && isSegmentName(name) ? name : undefined;
}

/** As readWalInventory says it of a claim; pieces without a hole are what a `.partial` is there. */
export function walIn(files: Iterable<string>, systemId: string): WalInventory {
  const segments = new Map<number, Set<string>>();
  const partial = new Map<number, Set<string>>();
  const histories = new Set<number>();
  const own: string[] = [];
  for (const key of files) {
    if (key.startsWith(`${systemId}/`)) {
      own.push(key);
      const history = /\/wal\/([0-9A-F]{8})\.history$/.exec(key)?.[1];
      const segment = segmentOf(key);
      if (history !== undefined) {
        histories.add(Number.parseInt(history, 16));
      } else if (segment !== undefined) {
        add(segments, segment);
      }
    }
  }
  for (const [segment, pieces] of piecesIn(own)) {
    if (coveredTo(pieces) > 0) {
      add(partial, segment);
    }
  }
  return { segments, partial, histories };
}

function add(into: Map<number, Set<string>>, segment: string): void {
  const timeline = Number.parseInt(segment.slice(0, 8), 16);
  const known = into.get(timeline) ?? new Set<string>();
  known.add(segment);
  into.set(timeline, known);
}
