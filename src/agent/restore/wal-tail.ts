import { formatLsn } from '../store/wal-name.ts';
import type { WalPlace } from './segment-file.ts';
import { readSegment, SegmentError } from './segment-file.ts';
import type { WalMark } from './wal-records.ts';
import { WalRecords } from './wal-records.ts';
import type { WalStep } from './wal-route.ts';

/** Where a stretch of WAL ends, by what stands in it and not by the size of its last file. */
export interface WalTail {
  /** First byte behind the last whole record; null where not one could be read. */
  readonly end: bigint | null;
  /** First byte of that record. */
  readonly lastStart: bigint | null;
  /** Newest commit or abort, in WAL's own time. */
  readonly lastTime: bigint | null;
}

/**
 * Reads as many segments from the end as it takes to meet a commit: one, unless long transactions or idle switches fill them.
 * @throws SegmentError where one of them cannot be read.
 */
export async function readTail(place: WalPlace, steps: readonly WalStep[]): Promise<WalTail> {
  for (let count = 1; ; count *= 2) {
    const records = new WalRecords();
    let lastTime: bigint | null = null;
    for (const step of steps.slice(-count)) {
      if (records.ended) {
        throw new SegmentError(
          `the store's WAL breaks off at ${formatLsn(records.end ?? 0n)}, and ${step.name} stands behind it: what is there is not of one piece`,
        );
      }
      lastTime = later(lastTime, await newestCommit(readMarks(place, step, records)));
    }
    if ((lastTime !== null && records.end !== null) || count >= steps.length) {
      return { end: records.end, lastStart: records.lastStart, lastTime };
    }
  }
}

export async function* readMarks(place: WalPlace, step: WalStep, records: WalRecords): AsyncGenerator<WalMark> {
  let at = step.number * BigInt(place.segmentSize);
  records.beginSegment(at, place.segmentSize);
  for await (const pages of readSegment(place, step)) {
    yield* records.feed(pages, at);
    at += BigInt(pages.length);
  }
}

export function later(one: bigint | null, other: bigint | null): bigint | null {
  return one === null || (other !== null && other > one) ? other : one;
}

async function newestCommit(marks: AsyncIterable<WalMark>): Promise<bigint | null> {
  let newest: bigint | null = null;
  for await (const mark of marks) {
    newest = mark.kind === 'transaction' ? later(newest, mark.time) : newest;
  }
  return newest;
}
