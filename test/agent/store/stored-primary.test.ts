import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimStore, learnSystem } from '../../../src/agent/store/identity.ts';
import { nameInStore, readStoredPrimary } from '../../../src/agent/store/stored-primary.ts';

const owner = { namespace: 'shop', set: 'orders' };
const since = '2026-11-21T06:00:00Z';
const systemId = '7300000000000000001';

describe('PRIMARY.json', () => {
  let root: string;
  const named = (primary: string, timeline: number, system = systemId): ReturnType<typeof nameInStore> =>
    nameInStore(root, { primary, timeline, since, systemId: system });

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'pgusher-primary-'));
    const identity = await claimStore(root, { ...owner, claimedAt: since });
    await learnSystem(root, identity, { systemId, major: 17, segmentSize: 16_777_216 });
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('is replaced by a newer timeline alone, and is the first one’s of two that came to the same', async () => {
    expect(await readStoredPrimary(root, owner)).toBeNull();
    expect(await named('orders-0', 1)).toEqual({ kind: 'named' });
    expect(await named('orders-0', 1)).toEqual({ kind: 'named' });
    expect(await named('orders-1', 2)).toEqual({ kind: 'named' });
    const stored = { format: 1, primary: 'orders-1', timeline: 2, since, systemId };
    expect(await named('orders-0', 1)).toEqual({ kind: 'another', stored });
    expect(await named('orders-2', 2)).toEqual({ kind: 'another', stored });
    expect(await readStoredPrimary(root, owner)).toEqual(stored);
  });

  it('counts in a store of this set and its system alone', async () => {
    await named('orders-1', 2);
    expect(await readStoredPrimary(root, { namespace: 'shop', set: 'other' })).toBeNull();
    expect(await named('orders-0', 1, '7300000000000000002')).toEqual({ kind: 'named' });
    expect(await readStoredPrimary(root, owner)).toBeNull();
  });

  it('that cannot be read is none, and is written anew by the primary', async () => {
    writeFileSync(join(root, 'PRIMARY.json'), '{"format": 1, "primary"');
    expect(await readStoredPrimary(root, owner)).toBeNull();
    expect(await named('orders-0', 1)).toEqual({ kind: 'named' });
    expect(JSON.parse(readFileSync(join(root, 'PRIMARY.json'), 'utf8'))).toMatchObject({ primary: 'orders-0' });
  });

  it('in a folder that cannot be looked at is not taken for absent by who would write it', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(
      nameInStore(join(root, 'file'), { primary: 'orders-0', timeline: 1, since, systemId }),
    ).rejects.toThrow('ENOTDIR');
  });
});
