import { readTargetTime } from '../../workload/target-time.ts';
import { walTime } from './wal-records.ts';

/**
 * A target time as a time in WAL (microseconds since 2000-01-01 UTC).
 * @throws where it cannot be read: the admission side has refused that, but by hand nobody has.
 */
export function parseTargetTime(text: string): bigint {
  const read = readTargetTime(text);
  if (read.kind === 'unreadable') throw new Error(`"${text}" is no time to restore to; wanted ${read.wanted}`);
  return walTime(read.milliseconds, read.microseconds);
}
