import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRolePasswords } from '../../../src/agent/passwords/role-passwords.ts';

describe('the Secret with passwords of roles', () => {
  let secret = '';
  beforeEach(() => {
    secret = mkdtempSync(join(tmpdir(), 'pgusher-passwords-'));
  });
  afterEach(() => {
    rmSync(secret, { recursive: true });
  });
  const write = (keys: Readonly<Record<string, string>>): void => {
    // As the kubelet makes it.
    mkdirSync(join(secret, '..data'));
    for (const [key, text] of Object.entries(keys)) writeFileSync(join(secret, key), text);
  };

  it('has the names of roles as keys', async () => {
    write({ shop: 'a\n', Report: 'b c' });
    expect(await readRolePasswords(secret)).toEqual([
      { role: 'Report', password: 'b c' },
      { role: 'shop', password: 'a' },
    ]);
  });

  it('is of one role where it has username and password, whatever else an application keeps there', async () => {
    write({ username: 'shop\n', password: 'a', host: 'orders-rw', uri: 'postgres://…' });
    expect(await readRolePasswords(secret)).toEqual([{ role: 'shop', password: 'a' }]);
  });

  it.each([
    [{}, 'is not there, or empty; wanted one with the names of roles as keys'],
    [{ shop: '\n' }, 'key "shop" of the Secret of postgres.io/restore-passwords-secret is empty; wanted one line'],
    [{ shop: 'a\nb' }, 'has more than one line; wanted one line'],
  ])('that is %j is refused', async (keys, words) => {
    write(keys);
    await expect(readRolePasswords(secret)).rejects.toThrow(words);
  });

  it('that is not there is refused', async () => {
    await expect(readRolePasswords(join(secret, 'none'))).rejects.toThrow('is not there');
  });
});
