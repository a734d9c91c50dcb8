import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from './durable-file.ts';
import { storeNames } from './layout.ts';

/** `<system id>/received.json`: how far the store reaches in time, also while the database is idle. */
export interface Received {
  readonly timeline: number;
  /** `X/Y`; all before it was on the store's disk when this was written. */
  readonly lsn: string;
  /** ISO 8601. All that was committed up to then is before `lsn`. */
  readonly through: string;
}

const schema = z.object({
  format: z.literal(1),
  timeline: z.number().int(),
  lsn: z.string(),
  through: z.iso.datetime(),
});

/** Undefined where the text is none. */
export function parseReceived(text: string): Received | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Undefined where there is none, or none that can be read: the WAL itself then says how far it reaches. */
export async function readReceived(root: string, systemId: string): Promise<Received | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(join(root, systemId, storeNames.received), 'utf8')));
  } catch (error) {
    if (errorCode(error) === undefined || errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Whole or not at all, and not fsynced: one that is lost with its node only says less than is there. */
export async function recordReceived(root: string, systemId: string, received: Received): Promise<void> {
  const path = join(root, systemId, storeNames.received);
  const temporary = join(root, systemId, `${storeNames.temporaryPrefix}${storeNames.received}`);
  try {
    await writeFile(temporary, `${JSON.stringify({ format: 1, ...received })}\n`, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
