import type { Received } from '../store/received.ts';
import { parseLsn } from '../store/wal-name.ts';

/** What a standby has of the set whose backups it follows. */
export interface ArchiveStanding {
  /** All that was committed there up to then was replayed; null: not known yet. */
  readonly completeThrough: Date | null;
  /** The same of the store; null: it cannot be read, or does not say. */
  readonly storeThrough: Date | null;
  /** `X/Y` */
  readonly replayedLsn: string;
  /** Commit of the last transaction that was replayed; null: none since the server started. */
  readonly lastTransactionAt: Date | null;
}

export interface Replayed {
  readonly timeline: number;
  /** `X/Y` */
  readonly lsn: string;
  readonly lastTransactionAt: Date | null;
}

/**
 * Nobody tells a standby without a primary what time it is there, and an idle database writes no WAL that could: but its agent notes in the store
 * that all committed up to a moment is before a position. Who has replayed up to that has everything of then. Where more is in the store than
 * was replayed, the last transaction's own time counts. Pure.
 */
export function archiveStanding(
  before: ArchiveStanding | null,
  replayed: Replayed,
  received: Received | undefined,
): ArchiveStanding {
  const { lsn, lastTransactionAt, timeline } = replayed;
  const storeThrough = received === undefined ? null : new Date(received.through);
  const hasAll =
    received !== undefined &&
    (timeline > received.timeline || (timeline === received.timeline && parseLsn(lsn) >= parseLsn(received.lsn)));
  return {
    completeThrough: latest([before?.completeThrough ?? null, lastTransactionAt, hasAll ? storeThrough : null]),
    storeThrough,
    replayedLsn: lsn,
    lastTransactionAt,
  };
}

/** Seconds; for as long as nothing is known, since the agent began. */
export function archiveLagSeconds({ completeThrough }: ArchiveStanding, startedAt: Date, now: Date): number {
  return Math.max(0, (now.getTime() - (completeThrough ?? startedAt).getTime()) / 1000);
}

function latest(times: readonly (Date | null)[]): Date | null {
  return times.reduce((newest, time) => (time !== null && (newest === null || time > newest) ? time : newest), null);
}
