import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from './durable-file.ts';
import { storeNames } from './layout.ts';
import type { BaseBackupRecord } from './layout.ts';
import { sortByPosition } from './backup-order.ts';
import { readStoredRecords } from './stored-records.ts';

const recordSchema = z.object({
  format: z.literal(1),
  id: z.string().min(1),
  systemId: z.string().regex(/^\d+$/),
  major: z.number().int(),
  segmentSize: z.number().int(),
  timeline: z.number().int(),
  startLsn: z.string(),
  endLsn: z.string(),
  startSegment: z.string(),
  endSegment: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  compression: z.enum(['zstd', 'gzip', 'none']),
  archives: z.array(z.object({ file: z.string(), storedSize: z.number(), sha256: z.string() })),
  tablespaces: z.array(z.object({ oid: z.string(), location: z.string() })),
  walDirectory: z.string().optional(),
  size: z.number(),
  storedSize: z.number(),
  settings: z.record(z.string(), z.number()),
  verified: z.object({ at: z.string(), manifest: z.boolean(), walThrough: z.string() }).nullable(),
});

export interface BaseBackups {
  /** Complete ones, oldest first: by place in the WAL, because a clock may have jumped. */
  readonly complete: readonly BaseBackupRecord[];
  /** Directories with a DONE.json that cannot be read: damage, said aloud, never deleted by retention. */
  readonly damaged: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * @param root `<mount>/<prefix>`.
 * @throws where the folder of base backups is there and cannot be listed.
 */
export async function readBaseBackups(root: string, systemId: string): Promise<BaseBackups> {
  const folder = join(root, systemId, storeNames.base);
  const { complete, damaged } = await readStoredRecords(folder, storeNames.done, parseBackupRecord);
  return { complete: sortByPosition(complete), damaged };
}

export async function writeBaseBackupRecord(directory: string, record: BaseBackupRecord): Promise<void> {
  await writeDurably(join(directory, storeNames.done), `${JSON.stringify(record, null, 2)}\n`);
}

export function baseBackupDirectory(root: string, record: Pick<BaseBackupRecord, 'systemId' | 'id'>): string {
  return join(root, record.systemId, storeNames.base, record.id);
}

/** The record, or what is wrong with the text. */
export function parseBackupRecord(text: string): BaseBackupRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  const parsed = recordSchema.safeParse(value);
  return parsed.success
    ? parsed.data
    : (z.prettifyError(parsed.error).split('\n')[0] ?? 'not a record of a base backup');
}
