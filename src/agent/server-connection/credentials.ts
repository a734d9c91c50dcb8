import { readFile } from 'node:fs/promises';
import { environmentNames } from '../contract.ts';
import { errorCode } from '../store/durable-file.ts';

export interface Credentials {
  readonly user: string;
  /** Null: the server lets loopback in without (pg_hba of the official image trusts 127.0.0.1). */
  readonly password: string | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The superuser that the image made, from the user's own Secret (contract.ts, environmentNames). Read anew for each
 * connection: files follow a rotated Secret, variables do not until the pod is new.
 * @throws where a file that is named cannot be read, or a password holds a line break.
 */
export async function readCredentials(environment: Environment): Promise<Credentials> {
  const { user, userFile, password, passwordFile } = environmentNames;
  const foundUser =
    (await readValue(environment, user, userFile)) ??
    (await readValue(environment, 'POSTGRES_USER', 'POSTGRES_USER_FILE'));
  const foundPassword =
    (await readValue(environment, password, passwordFile)) ??
    (await readValue(environment, 'POSTGRES_PASSWORD', 'POSTGRES_PASSWORD_FILE'));
  if (foundPassword !== undefined && /[\r\n]/.test(foundPassword)) {
    // initdb reads the first line of its password file, so that such a password never was the server's.
    throw new Error('the password of the server holds a line break; wanted one line');
  }
  return { user: foundUser ?? 'postgres', password: foundPassword ?? null };
}

async function readValue(environment: Environment, name: string, fileName: string): Promise<string | undefined> {
  const value = environment[name];
  if (value !== undefined && value !== '') {
    return value;
  }
  const path = environment[fileName];
  if (path === undefined || path === '') {
    return undefined;
  }
  // As the image's entrypoint does it: "$(< file)" drops the line breaks at the end.
  const text = (await readLoginFile(path, fileName)).replace(/\n+$/, '');
  return text === '' ? undefined : text;
}

async function readLoginFile(path: string, variable: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const name = variable.replace(/^PGUSHER_/, 'POSTGRES_');
    throw new Error(
      `${name} names ${path}, which cannot be read in this container (${errorCode(error) ?? String(error)}); wanted it on a volume that the server's container mounts, or ${name.replace(/_FILE$/, '')} from a Secret. What a webhook mounts into the pod later (Vault's agent: /vault/secrets) comes into the server only`,
      { cause: error },
    );
  }
}
