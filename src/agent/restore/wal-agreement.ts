import type { WalInventory } from '../store/wal-inventory.ts';
import { parseSegment, segmentName } from '../store/wal-name.ts';
import type { DataWal } from './data-wal.ts';
import { openDataSegment, segmentPages } from './data-wal.ts';
import type { WalPlace } from './segment-file.ts';
import { readSegment } from './segment-file.ts';
import { WalRecords } from './wal-records.ts';
import type { WalStep } from './wal-route.ts';

/** Idle switches fill segments without a commit in any of them: looking further back proves nothing more. */
const mostSegments = 16;

/** What the store holds of one timeline, newest first and without a hole. */
export function newestSteps(wal: WalInventory, timeline: number, segmentSize: number): WalStep[] {
  const whole = wal.segments.get(timeline) ?? new Set();
  const partial = wal.partial.get(timeline) ?? new Set();
  const numbers = [...whole, ...partial].map((name) => parseSegment(name, segmentSize).number);
  const newest = numbers.reduce((best, number) => (number > best ? number : best), -1n);
  const steps: WalStep[] = [];
  for (let number = newest; number >= 0n; number -= 1n) {
    const name = segmentName({ timeline, number }, segmentSize);
    if (!whole.has(name) && !partial.has(name)) {
      break;
    }
    steps.push({ name, number, timeline, form: whole.has(name) ? 'whole' : 'partial', cutAt: null });
  }
  return steps;
}

/**
 * The first byte before `until` in which PGDATA's WAL and the store's differ; null where there is none. Looks from there back to a
 * segment with a commit in it, whose time to the microsecond no other history has, as far as both have the files.
 * @param steps newest first
 * @throws SegmentError where the store's cannot be read.
 */
export async function firstDifference(
  place: WalPlace,
  steps: readonly WalStep[],
  data: DataWal,
  until: bigint,
): Promise<bigint | null> {
  const size = BigInt(place.segmentSize);
  let found: bigint | null = null;
  for (const step of steps.filter(({ number }) => number * size < until).slice(0, mostSegments)) {
    const compared = await compareSegment(place, step, data, until);
    if (compared === undefined) {
      break;
    }
    if (compared.differsAt === null && (compared.commits || found !== null)) {
      break;
    }
    found = compared.differsAt ?? found;
  }
  return found;
}

/** Undefined where PGDATA no longer has that segment. */
async function compareSegment(
  place: WalPlace,
  step: WalStep,
  data: DataWal,
  until: bigint,
): Promise<{ readonly differsAt: bigint | null; readonly commits: boolean } | undefined> {
  const start = step.number * BigInt(place.segmentSize);
  const file = await openDataSegment(data, step.number);
  if (file === undefined) {
    return undefined;
  }
  const own = segmentPages(file, start, place.segmentSize);
  const records = new WalRecords();
  records.beginSegment(start, place.segmentSize);
  let at = start;
  let commits = false;
  try {
    for await (const pages of readSegment(place, step)) {
      if (at >= until) {
        break;
      }
      const kept = pages.subarray(0, Number(until - at < BigInt(pages.length) ? until - at : BigInt(pages.length)));
      const next = await own.next();
      const other = next.done === true ? Buffer.alloc(0) : next.value.pages.subarray(0, kept.length);
      if (!kept.equals(other)) {
        return { differsAt: at + BigInt(differenceAt(kept, other)), commits };
      }
      commits ||= records.feed(pages, at).some((mark) => mark.kind === 'transaction' && mark.end <= until);
      at += BigInt(pages.length);
    }
  } finally {
    await own.return(undefined);
    await file.close().catch(() => undefined);
  }
  return { differsAt: null, commits };
}

function differenceAt(one: Buffer, other: Buffer): number {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at === -1 ? 0 : at;
}
