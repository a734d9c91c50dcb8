import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import { dataVolumePaths } from '../decision/data-volume-paths.ts';
import type { Log } from '../log.ts';
import { readRestoreRecord } from '../restore/restore-record.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import type { Environment } from '../server-connection/credentials.ts';
import { errorCode, writeDurably } from '../store/durable-file.ts';
import { drawAddress, withLoginLine, withoutLoginLine } from './login-line.ts';
import { readPasswordsOrder, removePasswordsOrder, writePasswordsOrder } from './passwords-order.ts';

/** In the shared volume: why the server must not be sent clients yet; ready.sh reads it. */
export const passwordsTroubleFile = 'passwords-trouble';

export const notSetYet = 'the database was restored, and its passwords are not set yet';

interface Surroundings {
  readonly shared: string;
  readonly environment: Environment;
  readonly log: Log;
}

/** A restored database in staging: its passwords are to be set once its server is there. Before it becomes PGDATA, so that it never is without. */
export async function orderPasswords(
  contract: AgentContract,
  staging: string,
  surroundings: Surroundings,
): Promise<void> {
  const { log } = surroundings;
  const path = dataVolumePaths(contract.dataMount).passwords;
  await removePasswordsOrder(path);
  const record = await readRestoreRecord(staging);
  const user = await superuserToSet(contract, surroundings);
  if (record === undefined || user === null) {
    return;
  }
  const address = drawAddress();
  const hba = join(staging, 'pg_hba.conf');
  const text = await textOf(hba);
  const withLine = text === null ? undefined : withLoginLine(text, user, address);
  if (withLine === undefined) {
    log.warn(`${hba} gets no line for one login: the password is set if the server lets "${user}" in without`);
  } else {
    await writeDurably(hba, withLine, (await stat(hba)).mode & 0o777);
  }
  await writePasswordsOrder(path, {
    restoredAt: record.restoredAt,
    loginFrom: withLine === undefined ? null : address,
  });
}

/** Before any server starts: one whose passwords are still to be set is not Ready, and pg_hba.conf has the line as long as it is needed. */
export async function keepOrGiveUpOrder(
  contract: AgentContract,
  role: 'primary' | 'standby',
  { shared }: Pick<Surroundings, 'shared'>,
): Promise<void> {
  const path = dataVolumePaths(contract.dataMount).passwords;
  const order = await readPasswordsOrder(path, contract.dataDirectory);
  const trouble = join(shared, passwordsTroubleFile);
  if (order !== undefined && role === 'primary' && contract.restore.passwords !== 'keep') {
    await writeFile(trouble, `${notSetYet}\n`, { mode: 0o644 });
    return;
  }
  await rm(trouble, { force: true });
  await takeOutLoginLine(contract.dataDirectory);
  await removePasswordsOrder(path);
}

/** @returns whether there was one. */
export async function takeOutLoginLine(dataDirectory: string): Promise<boolean> {
  const path = join(dataDirectory, 'pg_hba.conf');
  const text = await textOf(path);
  const without = text === null ? null : withoutLoginLine(text);
  if (without === null || without === text) {
    return false;
  }
  await writeDurably(path, without, (await stat(path)).mode & 0o777);
  return true;
}

/** Whose login is needed; null: nothing is to be set. */
async function superuserToSet({ restore }: AgentContract, { environment, log }: Surroundings): Promise<string | null> {
  if (restore.passwords === 'keep') {
    return null;
  }
  const credentials = await readCredentials(environment).catch((error: unknown) => {
    // The agent says it again, for as long as it is so: it logs in with the same.
    log.warn({ err: error }, 'the password of the restored database is not set');
    return null;
  });
  if (credentials === null) {
    return null;
  }
  const { user, password } = credentials;
  if (password === null) {
    log.warn(
      `"${user}" keeps the password of the restored database: the agent knows none. Wanted POSTGRES_PASSWORD from a Secret, or POSTGRES_PASSWORD_FILE`,
    );
  }
  return password === null && restore.passwords !== 'secret' ? null : user;
}

/** Null: not there. Where it is kept elsewhere (hba_file) it is not part of the data. */
async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') {
      return null;
    }
    throw error;
  });
}
