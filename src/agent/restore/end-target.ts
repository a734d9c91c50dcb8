import type { RestoreTargetContract } from '../contract.ts';
import { formatLsn } from '../store/wal-name.ts';

/**
 * The end of the WAL as a target: recovery stops behind the first record that begins at or behind it, and a server (13 and newer) whose
 * WAL ends before does not start ("recovery ended before configured recovery target was reached") instead of starting with rows
 * missing. Without a target every end is as good as another.
 * @param lastRecord where the last record begins; null where that is not known.
 */
export function endTarget(lastRecord: bigint | null): RestoreTargetContract | null {
  return lastRecord === null ? null : { kind: 'lsn', value: formatLsn(lastRecord), inclusive: true };
}
