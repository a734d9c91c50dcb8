import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimStore, learnSystem, readIdentity } from '../../../src/agent/store/identity.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pgusher-identity-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const claim = { namespace: 'shop', set: 'orders', claimedAt: '2026-11-21T07:00:00.000Z' };
const system = { systemId: '7710520287593579133', major: 15, segmentSize: 16777216 };

describe('the identity of a store', () => {
  it('is absent where the directory answers and has none, also where the prefix is not there yet', async () => {
    expect(await readIdentity(root)).toEqual({ kind: 'absent' });
    expect(await readIdentity(join(root, 'shop/orders'))).toEqual({ kind: 'absent' });
  });

  it('is unreadable, not absent, where the file is no identity', async () => {
    await writeFile(join(root, 'STORE.json'), '');
    expect((await readIdentity(root)).kind).toBe('unreadable');
    await writeFile(join(root, 'STORE.json'), '{"format":2}');
    expect((await readIdentity(root)).kind).toBe('unreadable');
  });

  it('is unreadable where the path is broken in another way than by being absent', async () => {
    await writeFile(join(root, 'file'), '');
    const reading = await readIdentity(join(root, 'file'));
    expect(reading).toEqual({
      kind: 'unreadable',
      reason: `${join(root, 'file')}/STORE.json: ENOTDIR: not a directory, open '${join(root, 'file')}/STORE.json'`,
    });
  });

  it('is written once: of claims at the same time one wins and all get it', async () => {
    const identities = await Promise.all(
      Array.from({ length: 8 }, (_, index) => claimStore(root, { ...claim, set: `orders-${index}` })),
    );
    expect(new Set(identities.map((identity) => identity.id)).size).toBe(1);
    expect(await readdir(root)).toEqual(['STORE.json']);
  });

  it('learns the system once and is never given to another', async () => {
    const identity = await claimStore(root, claim);
    expect(identity).toMatchObject({ format: 1, namespace: 'shop', set: 'orders', systemId: null });
    const learned = await learnSystem(root, identity, system);
    expect(await readIdentity(root)).toEqual({ kind: 'present', identity: learned });
    expect(learned).toEqual({ ...identity, ...system });
    await expect(learnSystem(root, learned, { ...system, systemId: '1' })).rejects.toThrow(
      'the store belongs to system 7710520287593579133, the server is 1',
    );
  });
});
