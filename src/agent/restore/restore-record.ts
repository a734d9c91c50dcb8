import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RestoreTargetContract } from '../contract.ts';
import { errorCode, writeDurably } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';

/**
 * What was restored, in PGDATA and, where the request had an id, in the store: a request for a point in time is carried
 * out once. Without that, an annotation that was left in place would bring the old point back at the next lost volume.
 */
export interface RestoreRecord {
  readonly format: 1;
  /** Null: the latest state, which needs no id. */
  readonly restoreId: string | null;
  readonly backup: string;
  readonly target: RestoreTargetContract | null;
  /** ISO 8601. */
  readonly restoredAt: string;
  readonly namespace: string;
  readonly set: string;
  /** True where recovery was given the end of the WAL as its target (end-target.ts). */
  readonly toEnd?: boolean | undefined;
}

/** File in PGDATA. */
export const restoreRecordName = 'pgusher-restore.json';

const schema = z.object({
  format: z.literal(1),
  restoreId: z.string().nullable(),
  backup: z.string(),
  target: z
    .object({ kind: z.enum(['time', 'lsn', 'xid', 'name', 'immediate']), value: z.string(), inclusive: z.boolean() })
    .nullable(),
  restoredAt: z.string(),
  namespace: z.string(),
  set: z.string(),
  toEnd: z.boolean().optional(),
});

export function restoreRecordText(record: RestoreRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** The record in a PGDATA; undefined where it was not made by a restore of ours. */
export async function readRestoreRecord(dataDirectory: string): Promise<RestoreRecord | undefined> {
  return readRecord(join(dataDirectory, restoreRecordName));
}

/** The record of a request that was carried out; undefined where it was not. */
export async function readConsumed(root: string, restoreId: string): Promise<RestoreRecord | undefined> {
  return readRecord(consumedPath(root, restoreId));
}

export async function writeConsumed(root: string, restoreId: string, record: RestoreRecord): Promise<void> {
  await mkdir(join(root, storeNames.restores), { recursive: true, mode: 0o700 });
  await writeDurably(consumedPath(root, restoreId), restoreRecordText(record));
}

/**
 * PGDATA says which request made it; the store learns it here. Before anything newer than that restore is archived: the request
 * would be carried out a second time after the next loss, and what came after it be lost.
 * @throws where the store cannot be written.
 */
export async function recordConsumed(dataDirectory: string, root: string): Promise<void> {
  const record = await readRestoreRecord(dataDirectory);
  if (record === undefined || record.restoreId === null) {
    return;
  }
  if ((await readConsumed(root, record.restoreId)) === undefined) {
    await writeConsumed(root, record.restoreId, record);
  }
}

/** What a `when-behind: fork` is recorded under: no annotation of a restore may be written so. */
export function forkId(restoreId: string | null): string {
  return `(fork)${restoreId ?? ''}`;
}

/** An id is free text: it must not leave the folder. */
function consumedPath(root: string, restoreId: string): string {
  return join(root, storeNames.restores, `${encodeURIComponent(restoreId).replaceAll('.', '%2E')}.json`);
}

async function readRecord(path: string): Promise<RestoreRecord | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
