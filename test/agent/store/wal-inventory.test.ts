import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWalChain, newestSegment, readWalInventory } from '../../../src/agent/store/wal-inventory.ts';

const size = 2 ** 20;
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pgusher-inventory-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, text = 'x'): Promise<void> {
  await mkdir(join(root, '42', path, '..'), { recursive: true });
  await writeFile(join(root, '42', path), text);
}

describe('the WAL of a store', () => {
  it('is what is finished, what is still in incoming, and the partial one', async () => {
    await put('wal/00000001/000000010000000000000002.zst');
    await put('wal/00000001/000000010000000000000003.gz');
    await put('wal/00000001/000000010000000000000004');
    await put('wal/00000001/.tmp-000000010000000000000005');
    await put('wal/00000002.history');
    await put('incoming/00000001/000000010000000000000005');
    await put('incoming/00000001/000000010000000000000006.partial');
    await put('incoming/00000001/000000010000000000000007.partial.short');
    const inventory = await readWalInventory(root, '42');
    expect([...(inventory.segments.get(1) ?? [])]).toEqual(
      ['02', '03', '04', '05'].map((end) => `0000000100000000000000${end}`),
    );
    expect([...(inventory.partial.get(1) ?? [])]).toEqual(['000000010000000000000006']);
    expect([...inventory.histories]).toEqual([2]);
    expect(newestSegment(inventory, 1)).toBe('000000010000000000000006');
  });

  it('does not count the sparse file that tells the receiver where to start', async () => {
    await put('incoming/00000001/000000010000000000000009', '');
    await truncate(join(root, '42/incoming/00000001/000000010000000000000009'), size);
    const inventory = await readWalInventory(root, '42');
    expect(inventory.segments.get(1)).toBeUndefined();
  });

  it('is none where there is no folder, and an error where the folder cannot be listed', async () => {
    expect((await readWalInventory(root, '42')).segments.size).toBe(0);
    await mkdir(join(root, '42'));
    await writeFile(join(root, '42/wal'), 'a file');
    await expect(readWalInventory(root, '42')).rejects.toThrow('ENOTDIR');
  });
});

describe('a chain of WAL', () => {
  const inventory = {
    segments: new Map([[1, new Set(['02', '03', '05'].map((end) => `0000000100000000000000${end}`))]]),
    partial: new Map([[1, new Set(['000000010000000000000006'])]]),
    histories: new Set<number>(),
  };

  it('is complete where every segment is there and the last one may be partial', () => {
    expect(checkWalChain(inventory, '000000010000000000000005', '000000010000000000000006', size)).toEqual({
      kind: 'complete',
      segments: 2,
    });
  });

  it('names the first segment that is missing', () => {
    expect(checkWalChain(inventory, '000000010000000000000002', '000000010000000000000006', size)).toEqual({
      kind: 'broken',
      missing: '000000010000000000000004',
      count: 1,
    });
  });

  it('does not take a partial segment in its middle', () => {
    expect(checkWalChain(inventory, '000000010000000000000005', '000000010000000000000007', size)).toEqual({
      kind: 'broken',
      missing: '000000010000000000000006',
      count: 2,
    });
  });
});
