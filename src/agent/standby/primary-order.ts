import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrimaryRecord, RecordReading } from '../decision/primary-record.ts';
import { parsePrimaryRecord } from '../decision/primary-record.ts';
import { errorCode, writeDurably } from '../store/durable-file.ts';

/**
 * What `pgusher promote` told this pod's agent, for the pod's life: the kubelet takes up to a minute to bring a changed ConfigMap
 * into a pod, and a standby shall follow at once.
 */
const fileName = 'primary-order';

export async function writePrimaryOrder(shared: string, record: PrimaryRecord): Promise<void> {
  await writeDurably(join(shared, fileName), `${JSON.stringify(record)}\n`, 0o600);
}

/** The one of the newer timeline: a record that was not there yet when the order came, or an order from before another promotion. */
export async function newestOf(record: RecordReading, shared: string, set: string): Promise<RecordReading> {
  const order = await readPrimaryOrder(shared, set);
  if (order.kind !== 'record') {
    return record;
  }
  return record.kind === 'record' && record.record.timeline >= order.record.timeline ? record : order;
}

async function readPrimaryOrder(shared: string, set: string): Promise<RecordReading> {
  try {
    const value = JSON.parse(await readFile(join(shared, fileName), 'utf8')) as Partial<PrimaryRecord>;
    return parsePrimaryRecord({ ...value, timeline: String(value.timeline) }, set);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return { kind: 'none' };
    }
    throw error;
  }
}
