import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import type { PrimaryRecord, RecordReading } from '../decision/primary-record.ts';
import { readPrimaryRecord } from '../decision/primary-record.ts';
import { isThere } from '../store/is-there.ts';
import { newestOf } from './primary-order.ts';
import { agreedRecord, newestRecord, recordInStore } from './record-in-store.ts';

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

/** Where a pod learns who is primary, beside the store: its ConfigMap, and what `pgusher promote` told its agent. */
export interface RecordPlaces {
  /** `paths.liveSettings` */
  readonly liveSettings: string;
  /** `paths.shared` */
  readonly shared: string;
}

type SetContract = Pick<AgentContract, 'set' | 'namespace' | 'store' | 'replication'>;

/** Who was promoted last, for a server that runs and for what is asked of it. */
export async function currentRecord(contract: SetContract, places: RecordPlaces): Promise<RecordReading> {
  const [record, stored] = await Promise.all([recordOfPod(contract, places), recordInStore(contract)]);
  return newestRecord(record, stored);
}

/** For a start, which guesses nothing: `unreadable` also where the places contradict each other. */
export async function recordAtStart(
  contract: SetContract,
  places: RecordPlaces & { readonly pod: string },
): Promise<RecordReading> {
  const [record, stored] = await Promise.all([recordOfPod(contract, places), recordInStore(contract)]);
  return agreedRecord(record, stored, { pod: places.pod, set: contract.set });
}

async function recordOfPod({ set }: SetContract, { liveSettings, shared }: RecordPlaces): Promise<RecordReading> {
  return newestOf(await readPrimaryRecord(liveSettings, set), shared, set);
}

/** PGDATA as it lies there makes its server take writes at the end of its recovery. */
export async function endsRecovery(dataDirectory: string): Promise<boolean> {
  return (await isThere(join(dataDirectory, 'recovery.signal'))) && !(await isStandbyData(dataDirectory));
}

/** PGDATA as it lies there makes its server a standby; the server takes the file away at the end of a promotion. */
export async function isStandbyData(dataDirectory: string): Promise<boolean> {
  return isThere(join(dataDirectory, 'standby.signal'));
}
