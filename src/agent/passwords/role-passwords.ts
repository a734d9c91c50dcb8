import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../store/durable-file.ts';

export interface RolePassword {
  readonly role: string;
  readonly password: string;
}

/**
 * A mounted Secret: each key the name of a role, its value the password. One with `username` and `password` (type kubernetes.io/basic-auth, and what
 * most charts make for an application) is of that one role, whatever else is in it. Line breaks at the end are no part of a value.
 * @throws with what to write.
 */
export async function readRolePasswords(secret: string): Promise<RolePassword[]> {
  // What begins with a dot are the kubelet's links, through which it changes all keys at once.
  const keys = (await namesOf(secret)).filter((name) => !name.startsWith('.')).sort();
  const value = async (key: string): Promise<string> => {
    const text = (await readFile(join(secret, key), 'utf8')).replace(/\n+$/, '');
    if (text === '' || /[\r\n]/.test(text)) {
      throw new Error(
        `key "${key}" of the Secret of postgres.io/restore-passwords-secret ${text === '' ? 'is empty' : 'has more than one line'}; wanted one line`,
      );
    }
    return text;
  };
  if (keys.includes('username') && keys.includes('password')) {
    return [{ role: await value('username'), password: await value('password') }];
  }
  if (keys.length === 0) {
    throw new Error(
      'the Secret of postgres.io/restore-passwords-secret is not there, or empty; wanted one with the names of roles as keys, and their passwords',
    );
  }
  const read: RolePassword[] = [];
  for (const role of keys) {
    read.push({ role, password: await value(role) });
  }
  return read;
}

async function namesOf(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') {
      return [];
    }
    throw error;
  });
}
