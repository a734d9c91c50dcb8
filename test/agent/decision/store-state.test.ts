import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMountPoints } from '../../../src/agent/decision/mount-point.ts';
import type { StoreState } from '../../../src/agent/decision/store-state.ts';
import { readStoreState } from '../../../src/agent/decision/store-state.ts';

describe('what a store is, by evidence', () => {
  let mount: string;

  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'pgusher-store-'));
  });

  afterEach(() => {
    rmSync(mount, { recursive: true });
  });

  async function state(mustBeMount = false): Promise<StoreState> {
    const owner = { namespace: 'shop', set: 'db' };
    return readStoreState({ store: { mount, prefix: 'shop/db' }, owner, writable: true, mustBeMount });
  }

  function put(path: string, content: string): void {
    mkdirSync(join(mount, 'shop/db', path, '..'), { recursive: true });
    writeFileSync(join(mount, 'shop/db', path), content);
  }

  const identity = {
    format: 1,
    id: 'a',
    namespace: 'shop',
    set: 'db',
    claimedAt: '2026-11-21T06:00:00Z',
    systemId: null as string | null,
    major: null,
    segmentSize: null,
  };

  it('is unknown where nothing is mounted, however empty it looks', async () => {
    expect(await state(true)).toEqual({
      kind: 'UNKNOWN',
      reason: `nothing is mounted at ${mount}: it is a plain directory of the container`,
    });
  });

  it('is unknown where it is not there', async () => {
    rmSync(mount, { recursive: true });
    expect((await state()).kind).toBe('UNKNOWN');
    mkdirSync(mount);
  });

  it('is empty where a file can be written and read and nobody has claimed it; the file is gone again', async () => {
    expect(await state()).toEqual({ kind: 'EMPTY', identity: null });
    expect(readdirSync(mount)).toEqual([]);
  });

  it('is still empty with the claim of a first start that never got to a database', async () => {
    put('STORE.json', JSON.stringify(identity));
    expect(await state()).toEqual({ kind: 'EMPTY', identity });
  });

  it('is claimed once a system is known or WAL was received', async () => {
    put('STORE.json', JSON.stringify({ ...identity, systemId: '77' }));
    expect(await state()).toMatchObject({ kind: 'CLAIMED', found: 'system 77, 0 WAL segments' });
    put('STORE.json', JSON.stringify(identity));
    put('77/incoming/00000001/000000010000000000000001.partial', 'x');
    expect(await state()).toMatchObject({ kind: 'CLAIMED', found: 'system 77, 1 WAL segments' });
  });

  it('is claimed, not empty, where its only base backup cannot be read', async () => {
    put('STORE.json', JSON.stringify({ ...identity, systemId: '77' }));
    put('77/base/20261121T060000Z/DONE.json', '{');
    expect(await state()).toMatchObject({
      kind: 'CLAIMED',
      found: expect.stringContaining('damaged base backups: 20261121T060000Z') as string,
    });
  });

  it('is not backed up by a base backup without DONE.json', async () => {
    put('STORE.json', JSON.stringify({ ...identity, systemId: '77' }));
    put('77/base/20261121T060000Z/base.tar.zst', 'x');
    expect((await state()).kind).toBe('CLAIMED');
  });

  it("is another's by namespace or by name", async () => {
    put('STORE.json', JSON.stringify({ ...identity, set: 'other' }));
    expect((await state()).kind).toBe('OTHER');
    put('STORE.json', JSON.stringify({ ...identity, namespace: 'other' }));
    expect((await state()).kind).toBe('OTHER');
  });

  it.each(['', '{', '[]', '{"format": 2}'])('is unknown where the identity reads %j', async (text) => {
    put('STORE.json', text);
    expect((await state()).kind).toBe('UNKNOWN');
  });

  it('is unknown where backups are there and the identity is not', async () => {
    put('77/base/20261121T060000Z/DONE.json', '{}');
    expect(await state()).toEqual({
      kind: 'UNKNOWN',
      reason: `${mount}/shop/db holds backups of system 77 but no STORE.json`,
    });
  });

  it('reads mount points with spaces as the kernel writes them', () => {
    const points = parseMountPoints('36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw\n');
    expect([...points]).toEqual(['/mnt 2']);
  });
});
