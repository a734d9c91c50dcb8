import type { BaseBackupRecord } from './layout.ts';
import { parseLsn } from './wal-name.ts';

/** Oldest first by timeline and start; ids would sort by a clock that may have jumped. */
export function sortByPosition(backups: readonly BaseBackupRecord[]): BaseBackupRecord[] {
  return [...backups].sort(
    (left, right) => left.timeline - right.timeline || compare(parseLsn(left.startLsn), parseLsn(right.startLsn)),
  );
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
