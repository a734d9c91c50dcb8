import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readReplicationLogin } from '../../../src/agent/restore/replication-login.ts';

describe('the login for replication in a mounted Secret', () => {
  let secret = '';
  beforeEach(async () => {
    secret = await mkdtemp(join(tmpdir(), 'pgusher-login-'));
  });
  afterEach(async () => {
    await rm(secret, { recursive: true });
  });

  const holds = async (values: Readonly<Record<string, string>>): Promise<void> => {
    for (const [key, value] of Object.entries(values)) await writeFile(join(secret, key), value);
  };

  it.each([
    ['username', 'password'],
    ['REPLICATION_USER', 'REPLICATION_PASSWORD'],
    ['PG_MASTER_USER', 'PG_MASTER_PASSWORD'],
  ])('is %s and %s, without line breaks at the end', async (user, password) => {
    await holds({ [user]: 'standby\n', [password]: "it's $ecret\n\n", POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' });
    expect(await readReplicationLogin(secret)).toEqual({ user: 'standby', password: "it's $ecret" });
  });

  it('is that of pgusher’s own names where there are others', async () => {
    await holds({ username: 'own', password: 'p', REPLICATION_USER: 'other', REPLICATION_PASSWORD: 'q' });
    expect(await readReplicationLogin(secret)).toEqual({ user: 'own', password: 'p' });
  });

  it.each([
    [{}, 'has no key "username"; wanted username and password, both with a value'],
    [{ password: 'x', REPLICATION_USER: 'y', REPLICATION_PASSWORD: 'z' }, 'has no key "username"; wanted username and'],
    [{ REPLICATION_USER: 'y' }, 'has no key "REPLICATION_PASSWORD"; wanted REPLICATION_USER and REPLICATION_PASSWORD'],
    [{ PG_MASTER_USER: 'y', PG_MASTER_PASSWORD: '\n' }, 'has nothing in "PG_MASTER_PASSWORD"; wanted PG_MASTER_USER'],
  ])('is refused where one is missing or empty: %o', async (values, words) => {
    await holds(values);
    await expect(readReplicationLogin(secret)).rejects.toThrow(words);
  });
});
