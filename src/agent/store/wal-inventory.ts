import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './stored-records.ts';
import { storeNames } from './layout.ts';
import { isSegmentName, parseSegment, segmentName } from './wal-name.ts';

/** What a store holds of a system's WAL; names only, so that thousands of segments cost a few directory reads. */
export interface WalInventory {
  /** Complete segments, by timeline: in wal/ (compressed or bare) or still in incoming/. */
  readonly segments: ReadonlyMap<number, ReadonlySet<string>>;
  /** `.partial` segments in incoming/, by timeline; without the suffix. */
  readonly partial: ReadonlyMap<number, ReadonlySet<string>>;
  /** Timelines with a history file. */
  readonly histories: ReadonlySet<number>;
}

/** Suffixes of a finished segment in wal/<timeline>/. */
export const walSuffixes = ['.zst', '.gz', ''] as const;

export async function readWalInventory(root: string, systemId: string): Promise<WalInventory> {
  const walFolder = join(root, systemId, storeNames.wal);
  const incomingFolder = join(root, systemId, storeNames.incoming);
  const segments = new Map<number, Set<string>>();
  const partial = new Map<number, Set<string>>();
  const histories = new Set<number>();
  for (const entry of await namesIn(walFolder)) {
    const history = /^([0-9A-F]{8})\.history$/.exec(entry);
    if (history?.[1] !== undefined) {
      histories.add(Number.parseInt(history[1], 16));
    } else if (/^[0-9A-F]{8}$/.test(entry)) {
      for (const name of await namesIn(join(walFolder, entry))) {
        addSegment(segments, name.replace(/\.(zst|gz)$/, ''));
      }
    }
  }
  for (const timeline of await namesIn(incomingFolder)) {
    for (const name of await namesIn(join(incomingFolder, timeline))) {
      if (name.endsWith('.partial')) {
        addSegment(partial, name.slice(0, -'.partial'.length));
      } else if (isSegmentName(name) && !(await isPlaceholder(join(incomingFolder, timeline, name)))) {
        addSegment(segments, name);
      }
    }
  }
  return { segments, partial, histories };
}

/**
 * A segment of which nothing is stored on disk is not WAL: the receiver is told where to start by a sparse file in the
 * place of the segment before (receiver-start.ts). No WAL segment is without blocks, its first page has a header.
 */
export async function isPlaceholder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.blocks === 0;
}

function addSegment(into: Map<number, Set<string>>, name: string): void {
  if (isSegmentName(name)) {
    const timeline = Number.parseInt(name.slice(0, 8), 16);
    const known = into.get(timeline) ?? new Set<string>();
    known.add(name);
    into.set(timeline, known);
  }
}

export type WalChain =
  | { readonly kind: 'complete'; readonly segments: number }
  /** The first segment that is missing, and how many are. */
  | { readonly kind: 'broken'; readonly missing: string; readonly count: number };

/** Whether every segment from `first` to `last` (of one timeline) is there, the last one complete or partial. Pure. */
export function checkWalChain(inventory: WalInventory, first: string, last: string, segmentSize: number): WalChain {
  const from = parseSegment(first, segmentSize);
  const to = parseSegment(last, segmentSize);
  const complete = inventory.segments.get(from.timeline);
  const partial = inventory.partial.get(from.timeline);
  let missing: string | undefined;
  let count = 0;
  for (let number = from.number; number <= to.number; number += 1n) {
    const name = segmentName({ timeline: from.timeline, number }, segmentSize);
    if (complete?.has(name) !== true && !(number === to.number && partial?.has(name) === true)) {
      missing ??= name;
      count += 1;
    }
  }
  return missing === undefined
    ? { kind: 'complete', segments: Number(to.number - from.number) + 1 }
    : { kind: 'broken', missing, count };
}

/** The newest segment of a timeline, complete or partial; undefined where there is none. */
export function newestSegment(inventory: WalInventory, timeline: number): string | undefined {
  return [...(inventory.segments.get(timeline) ?? []), ...(inventory.partial.get(timeline) ?? [])].sort().at(-1);
}
