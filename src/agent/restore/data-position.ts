import type { ControlFile } from '../decision/control-file.ts';
import type { DataPosition, WalPosition } from '../decision/went-back.ts';
import { parseLsn } from '../store/wal-name.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import type { DataWal } from './data-wal.ts';
import { openDataWal, readDataEnd } from './data-wal.ts';
import { lineageOfData, newestTimeline } from './lineage.ts';
import type { Lineage } from './lineage.ts';
import type { WalPlace } from './segment-file.ts';
import { SegmentError } from './segment-file.ts';
import { readStoreWal } from './store-wal.ts';
import { firstDifference, newestSteps } from './wal-agreement.ts';
import { walTimeText } from './wal-records.ts';
import { walRoute } from './wal-route.ts';
import type { WalStep } from './wal-route.ts';
import type { WalTail } from './wal-tail.ts';
import { readTail } from './wal-tail.ts';

export interface PositionQuestion {
  readonly place: WalPlace;
  readonly backups: readonly BaseBackupRecord[];
  readonly dataDirectory: string;
  readonly control: ControlFile;
  /** The newest timeline that PGDATA knows of. */
  readonly ownTimeline: number;
}

/**
 * Reads both ends of WAL and compares bytes: a start is no time for guesses. A store that cannot be read, or PGDATA whose WAL cannot,
 * proves nothing: that is for the server or the receiver to find.
 */
export async function readDataPosition(question: PositionQuestion): Promise<DataPosition> {
  try {
    const { place, control } = question;
    const wal = await readStoreWal(place);
    if (question.ownTimeline > newestTimeline(wal, [])) {
      // Nothing of this timeline was received yet.
      return { kind: 'ahead' };
    }
    const lineage = await lineageOfData(place, wal, question.dataDirectory, question.ownTimeline);
    const data = await openDataWal(question.dataDirectory, control);
    const tail = await readDataEnd(data, control);
    if (tail.end === null) {
      return { kind: 'unknown', reason: 'no record of its WAL could be read' };
    }
    return await compare({ ...question, wal, lineage, data, tail, end: tail.end });
  } catch (error) {
    return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
}

interface Known extends PositionQuestion {
  readonly wal: WalInventory;
  readonly lineage: Lineage;
  readonly data: DataWal;
  readonly tail: WalTail;
  /** Of PGDATA. */
  readonly end: bigint;
}

async function compare(known: Known): Promise<DataPosition> {
  const { place, control, lineage, end } = known;
  const own = newestSteps(known.wal, control.timeline, place.segmentSize);
  const ownEnd = await storeEnd(place, own);
  const fork = leftAt(known);
  const timelines = { data: control.timeline, store: lineage.at(-1)?.timeline ?? control.timeline };
  const data: WalPosition = {
    lsn: end,
    at:
      known.tail.lastTime === null
        ? new Date(control.writtenAt * 1000).toISOString()
        : walTimeText(known.tail.lastTime),
  };
  const until = least(end, fork, ownEnd.lsn);
  const differsAt = await firstDifference(place, own, known.data, until).catch(nothingProven);
  const gone = fork !== null && end > fork ? fork : null;
  const reached = fork === null ? withBackups(known, ownEnd) : await lineageEnd(known);
  const since = differsAt ?? gone;
  if (since !== null) {
    return { kind: 'diverged', data, store: reached, timelines, since };
  }
  if (fork === null && reached.lsn <= end) {
    return { kind: reached.lsn === end ? 'equal' : 'ahead' };
  }
  return { kind: 'behind', data, store: reached, timelines, ...(await replay(known)) };
}

/** Where the store's newest timeline left PGDATA's, or an ancestor that both have; null where PGDATA's is the newest. */
function leftAt({ lineage, control, data }: Known): bigint | null {
  const known = new Set(data.lineage.map((span) => span.timeline));
  const common = lineage.filter((span) => known.has(span.timeline)).at(-1);
  return common?.timeline === lineage.at(-1)?.timeline && common?.timeline === control.timeline
    ? null
    : (common?.end ?? 0n);
}

/** A damaged file is no proof of another history. */
function nothingProven(error: unknown): null {
  if (error instanceof SegmentError) {
    return null;
  }
  throw error;
}

/** What cannot be read was flushed all the same: the store has at least the beginning of its newest segment. */
async function storeEnd(place: WalPlace, newestFirst: readonly WalStep[]): Promise<WalPosition> {
  const [newest] = newestFirst;
  if (newest === undefined) {
    return { lsn: 0n, at: null };
  }
  const begin = newest.number * BigInt(place.segmentSize);
  const tail = await readTail(place, [...newestFirst].reverse().slice(-16)).catch(nothingProven);
  return {
    lsn: tail?.end ?? begin,
    at: tail === null || tail.lastTime === null ? null : walTimeText(tail.lastTime),
  };
}

/** A base backup that ended somewhere was made by a server that had got there. */
function withBackups({ backups, control }: Known, end: WalPosition): WalPosition {
  return backups
    .filter((backup) => backup.timeline === control.timeline)
    .map((backup) => ({ lsn: parseLsn(backup.endLsn), at: backup.finishedAt }))
    .reduce((furthest, next) => (next.lsn > furthest.lsn ? next : furthest), end);
}

/** On the newest timeline, which forked off PGDATA's; where nothing of it was received yet it begins where it forked. */
async function lineageEnd({ place, wal, lineage }: Known): Promise<WalPosition> {
  const last = lineage.at(-1);
  const end = await storeEnd(place, newestSteps(wal, last?.timeline ?? 0, place.segmentSize));
  return last !== undefined && end.lsn < last.begin ? { lsn: last.begin, at: null } : end;
}

/** Recovery goes on from the segment in which PGDATA ends, and may not meet a hole. */
async function replay({ place, wal, lineage, end }: Known): Promise<{
  readonly obstacle: string | null;
  readonly lastRecord: bigint | null;
}> {
  const { steps, gap } = walRoute(wal, lineage, end / BigInt(place.segmentSize), place.segmentSize);
  const obstacle =
    gap !== null
      ? `WAL segment ${gap.missing} is missing in the store`
      : steps.length === 0
        ? "the store no longer has the WAL behind PGDATA's end"
        : null;
  if (obstacle !== null) {
    return { obstacle, lastRecord: null };
  }
  try {
    return { obstacle, lastRecord: (await readTail(place, steps)).lastStart };
  } catch (error) {
    return { obstacle: error instanceof Error ? error.message : String(error), lastRecord: null };
  }
}

function least(first: bigint, ...others: readonly (bigint | null)[]): bigint {
  return others.reduce<bigint>((lowest, other) => (other !== null && other < lowest ? other : lowest), first);
}
