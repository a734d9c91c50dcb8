import { join } from 'node:path';
import type { PrimaryRecord, RecordReading } from '../decision/primary-record.ts';
import { readPrimaryRecord } from '../decision/primary-record.ts';
import { isThere } from '../store/is-there.ts';
import { newestOf } from './primary-order.ts';

/** Whom the record names, where that is not this pod; null: nobody else. */
export function otherPrimary(pod: string, reading: RecordReading): PrimaryRecord | null {
  return reading.kind === 'record' && reading.record.primary !== pod ? reading.record : null;
}

/**
 * Who is primary instead of this pod, whose server takes writes on `timeline` or would at the end of its recovery; null: nobody. A server of a newer
 * timeline than the record's was promoted after it was written, by hand: that is for a person to write down, and nothing here ends it.
 */
export function primaryInsteadOf(pod: string, timeline: number, record: RecordReading): PrimaryRecord | null {
  const other = otherPrimary(pod, record);
  return other !== null && other.timeline >= timeline ? other : null;
}

/** Where a pod learns who is primary: its ConfigMap, and what `pgusher promote` told its agent. */
export interface RecordPlaces {
  /** `paths.liveSettings` */
  readonly liveSettings: string;
  /** `paths.shared` */
  readonly shared: string;
}

export async function currentRecord(set: string, { liveSettings, shared }: RecordPlaces): Promise<RecordReading> {
  return newestOf(await readPrimaryRecord(liveSettings, set), shared, set);
}

/** PGDATA as it lies there makes its server take writes at the end of its recovery. */
export async function endsRecovery(dataDirectory: string): Promise<boolean> {
  return (
    (await isThere(join(dataDirectory, 'recovery.signal'))) && !(await isThere(join(dataDirectory, 'standby.signal')))
  );
}
