import type { BaseBackupRecord } from '../store/layout.ts';
import { sortByPosition } from '../store/backup-order.ts';
import { isSegmentName, parseSegment } from '../store/wal-name.ts';

export interface RetentionPolicy {
  /** Base backups kept, at least 2. */
  readonly keep: number;
  /** Seconds that stay recoverable; null: by count alone. */
  readonly keepFor: number | null;
}

/** What may go and what stays, both oldest first. */
export interface RetentionPlan {
  readonly remove: readonly BaseBackupRecord[];
  readonly keep: readonly BaseBackupRecord[];
}

/**
 * By place in the WAL and not by the clock, which may have jumped. A backup stays
 *
 *   - while it is one of the `keep` newest;
 *   - while it is younger than `keepFor`, or the youngest that is not: it begins the window;
 *   - while it is the newest that was verified.
 */
export function planRetention(backups: readonly BaseBackupRecord[], policy: RetentionPolicy, now: Date): RetentionPlan {
  const sorted = sortByPosition(backups);
  const newest = new Set(sorted.slice(-Math.max(policy.keep, 2)).map((backup) => backup.id));
  const newestVerified = sorted.filter((backup) => backup.verified !== null).at(-1)?.id;
  const windowStart = policy.keepFor === null ? null : now.getTime() - policy.keepFor * 1000;
  const beginsWindow =
    windowStart === null
      ? undefined
      : sorted.filter((backup) => Date.parse(backup.finishedAt) <= windowStart).at(-1)?.id;
  const stays = (backup: BaseBackupRecord): boolean =>
    newest.has(backup.id) ||
    backup.id === newestVerified ||
    backup.id === beginsWindow ||
    (windowStart !== null && Date.parse(backup.finishedAt) > windowStart);
  return { remove: sorted.filter((backup) => !stays(backup)), keep: sorted.filter(stays) };
}

/**
 * Whether a segment is of no more use: no kept backup needs it on its own timeline or on a later one that went on from
 * there. True for nothing where there is no backup: WAL without one is what is left of a database.
 */
export function isSegmentExpired(name: string, kept: readonly BaseBackupRecord[]): boolean {
  if (kept.length === 0 || !isSegmentName(name)) {
    return false;
  }
  return kept.every((backup) => {
    const segment = parseSegment(name, backup.segmentSize);
    const start = parseSegment(backup.startSegment, backup.segmentSize);
    return start.timeline > segment.timeline || start.number > segment.number;
  });
}
