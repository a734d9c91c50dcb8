import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { errorCode, writeDurably } from '../store/durable-file.ts';
import { readRestoreRecord } from '../restore/restore-record.ts';

/** Left by pgusher-restore on the data volume, and there until the passwords of the restored database are set: of pods that come later, too. */
export interface PasswordsOrder {
  /** Of the restore, as its record in PGDATA has it: of any other data the order says nothing. */
  readonly restoredAt: string;
  /** Where the superuser is let in from; null: pg_hba.conf has no line for that (login-line.ts). */
  readonly loginFrom: string | null;
}

const schema = z.object({ restoredAt: z.string(), loginFrom: z.ipv4().nullable() });

export async function writePasswordsOrder(path: string, order: PasswordsOrder): Promise<void> {
  await writeDurably(path, `${JSON.stringify(order)}\n`);
}

/** The order, where it is for what lies in PGDATA; undefined: none. */
export async function readPasswordsOrder(path: string, dataDirectory: string): Promise<PasswordsOrder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
  const order = parsed(path, text);
  const record = await readRestoreRecord(dataDirectory);
  return record?.restoredAt === order.restoredAt ? order : undefined;
}

function parsed(path: string, text: string): PasswordsOrder {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(
      `${path} is not what pgusher-restore writes there; wanted it removed, and the passwords set by hand if the database was restored`,
      { cause: error },
    );
  }
}

export async function removePasswordsOrder(path: string): Promise<void> {
  await rm(path, { force: true });
}
