import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareIncoming, removePlaceholders } from '../../../src/agent/backup/receiver-start.ts';
import { isPlaceholder } from '../../../src/agent/store/wal-inventory.ts';

const segmentSize = 2 ** 20;
const name = (number: number): string => `0000000100000000000000${number.toString(16).toUpperCase().padStart(2, '0')}`;
let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgusher-incoming-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const prepare = (wanted: bigint): Promise<void> => prepareIncoming({ directory, timeline: 1, segmentSize, wanted });

describe('where a receiver starts', () => {
  it('is after a sparse file of the right size, in an empty folder', async () => {
    await prepare(5n);
    expect(await readdir(directory)).toEqual([name(4)]);
    expect((await stat(join(directory, name(4)))).size).toBe(segmentSize);
    expect(await isPlaceholder(join(directory, name(4)))).toBe(true);
  });

  it('is at the first segment of all where that is wanted', async () => {
    await prepare(0n);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is where its own newest file is, complete or partial', async () => {
    await writeFile(join(directory, `${name(5)}.partial`), Buffer.alloc(segmentSize, 1));
    await prepare(5n);
    expect(await readdir(directory)).toEqual([`${name(5)}.partial`]);
  });

  it('is behind a gap where what is there is too old', async () => {
    await writeFile(join(directory, `${name(2)}.partial`), Buffer.alloc(segmentSize, 1));
    await prepare(9n);
    expect((await readdir(directory)).sort()).toEqual([`${name(2)}.partial`, name(8)]);
  });

  it('is not stopped by a file that a full disk left while it was padded', async () => {
    await writeFile(join(directory, `${name(5)}.partial`), Buffer.alloc(4096));
    await prepare(5n);
    expect(await readdir(directory)).toEqual([name(4)]);
  });

  it('keeps a short file that holds something, out of the way', async () => {
    await writeFile(join(directory, `${name(5)}.partial`), Buffer.alloc(4096, 7));
    await prepare(5n);
    expect((await readdir(directory)).sort()).toEqual([name(4), `${name(5)}.partial.short`]);
  });

  it('is forgotten once something newer is there', async () => {
    await prepare(5n);
    await removePlaceholders(directory);
    expect(await readdir(directory)).toEqual([name(4)]);
    await writeFile(join(directory, `${name(5)}.partial`), '');
    await truncate(join(directory, `${name(5)}.partial`), segmentSize);
    await removePlaceholders(directory);
    expect(await readdir(directory)).toEqual([`${name(5)}.partial`]);
  });
});
