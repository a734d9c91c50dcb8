import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replicationLoginIn } from '../../workload/replication-login.ts';
import { RestoreRefused } from './restore-plan.ts';

export interface ReplicationLogin {
  readonly user: string;
  readonly password: string;
}

/**
 * The login that a mounted Secret holds, as the shell would read it: without the line breaks at the end.
 * @throws RestoreRefused with the key that is missing or empty; system errors of the mount.
 */
export async function readReplicationLogin(secret: string): Promise<ReplicationLogin> {
  const keys = await readdir(secret);
  const [user, password] = replicationLoginIn(keys);
  const value = async (key: string): Promise<string> => {
    const text = keys.includes(key) ? (await readFile(join(secret, key), 'utf8')).replace(/\n+$/, '') : '';
    if (text === '') {
      throw new RestoreRefused(
        `the Secret of postgres.io/replication-secret has ${keys.includes(key) ? `nothing in "${key}"` : `no key "${key}"`}; wanted ${user} and ${password}, both with a value`,
      );
    }
    return text;
  };
  return { user: await value(user), password: await value(password) };
}
