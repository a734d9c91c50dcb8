import { storeNames } from '../store/layout.ts';
import { parseSegment } from '../store/wal-name.ts';
import type { BucketInventory } from './bucket-inventory.ts';
import { piecesIn, segmentOf } from './bucket-inventory.ts';
import { coveredTo } from './piece.ts';
import type { FetchPlan, FetchStep } from './plan-fetch.ts';

export interface TailQuestion {
  readonly systemId: string;
  readonly segmentSize: number;
  readonly bucket: BucketInventory;
  /** Number of the segment that PGDATA's own replay begins in; null where nothing is replayed. */
  readonly from: bigint | null;
  /** Bytes for the segments before the newest ones; null: all of them are needed. */
  readonly most: number | null;
}

/** Whole segments of a timeline that are always brought: where it ends is read from its last commit. */
const newest = 2;
/** Older timelines were left long ago: of those the history says enough. */
const timelines = 3;

/**
 * What a spool begins with beside a database that is there: how far the off-site copy reaches, and the records of the set. Receiving goes on
 * from there, and what PGDATA has is compared with it. The base backups stay where they are.
 */
export function planTail(question: TailQuestion): Omit<FetchPlan, 'backup'> {
  const { systemId, segmentSize, bucket } = question;
  const keys = [...bucket.files].filter(([key]) => key.startsWith(`${systemId}/`));
  const histories = keys
    .filter(([key]) => /\/wal\/[0-9A-F]{8}\.history$/.test(key))
    .map(([key, size]): FetchStep => ({ kind: 'file', key, size }));
  const segments = keys.flatMap(([key, size]): SegmentStep[] => {
    const segment = segmentOf(key);
    return segment === undefined ? [] : [{ kind: 'segment', key, size, segment }];
  });
  const whole = new Set(segments.map(({ segment }) => segment));
  const partials = [...piecesIn(keys.map(([key]) => key))]
    .filter(([segment]) => !whole.has(segment))
    .flatMap(([segment, pieces]): FetchStep[] => {
      const end = coveredTo(pieces);
      // Behind a hole nothing counts. The server has what is missing, and it is sent again from there.
      const kept = pieces.filter(({ to }) => to <= end).sort((left, right) => left.from - right.from);
      return kept.length === 0 ? [] : [{ kind: 'partial', segment, pieces: kept, end }];
    });
  const records = [...bucket.texts]
    .filter(
      ([key]) =>
        key === `${systemId}/${storeNames.gaps}` ||
        key === `${systemId}/${storeNames.received}` ||
        key.startsWith(`${storeNames.restores}/`),
    )
    .map(([key, text]): FetchStep => ({ kind: 'text', key, text }));
  const steps = [...histories, ...wanted(segments, question), ...partials, ...records];
  return { steps, size: steps.reduce((sum, step) => sum + sizeOf(step, segmentSize), 0) };
}

type SegmentStep = Extract<FetchStep, { kind: 'segment' }>;

/** The newest ones of each of the last timelines, and those since `from`, the newest first, as far as there is room. */
function wanted(segments: readonly SegmentStep[], { from, most, segmentSize }: TailQuestion): SegmentStep[] {
  const timelineOf = ({ segment }: SegmentStep): string => segment.slice(0, 8);
  const kept = new Set<SegmentStep>();
  const newestFirst = [...segments].sort((left, right) => (left.segment < right.segment ? 1 : -1));
  for (const timeline of [...new Set(newestFirst.map(timelineOf))].slice(0, timelines)) {
    newestFirst
      .filter((step) => timelineOf(step) === timeline)
      .slice(0, newest)
      .forEach((step) => kept.add(step));
  }
  let room = most ?? Infinity;
  for (const step of newestFirst) {
    if (from === null || kept.has(step) || parseSegment(step.segment, segmentSize).number < from) {
      continue;
    }
    room -= step.size;
    if (room < 0) {
      break;
    }
    kept.add(step);
  }
  return [...kept].sort((left, right) => (left.segment < right.segment ? -1 : 1));
}

function sizeOf(step: FetchStep, segmentSize: number): number {
  return step.kind === 'text' ? step.text.length : step.kind === 'partial' ? segmentSize : step.size;
}
