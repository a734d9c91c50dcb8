import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compressed, decompressed } from '../../../src/agent/store/coded-bytes.ts';
import { fileBlocks } from '../../../src/agent/store/file-blocks.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgusher-coded-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A reader that is now and then slower than the coder, so that several pieces lie ready. */
async function readAll(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) {
    if (all.length % 2 === 0) {
      await sleep(5);
    }
    all.push(Buffer.from(piece));
  }
  return Buffer.concat(all);
}

async function read(name: string, content: Buffer, pass: (blocks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>) {
  const path = join(directory, name);
  await writeFile(path, content);
  const file = await open(path, 'r');
  try {
    return await readAll(pass(fileBlocks(file)));
  } finally {
    await file.close();
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}

describe.each(['zstd', 'gzip', 'none'] as const)('bytes in %s', (compression) => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a byte', Buffer.from('x')],
    ['a few kB', randomBytes(6000)],
    ['a block', randomBytes(2 ** 20)],
    ['more than a block that no compression makes smaller', randomBytes(3_500_001)],
    ['much that nearly vanishes', Buffer.alloc(20_000_000, 'rows and more rows ')],
  ])('come back as they were: %s', async (_, content) => {
    const stored = await read('stored', content, (blocks) => compressed(blocks, compression));
    const back = await read('back', stored, (blocks) => decompressed(blocks, compression));
    expect(back.equals(content)).toBe(true);
  });

  it('leave nothing behind to be collected', async () => {
    const stored = await read('stored', Buffer.alloc(16 * 2 ** 20, 'a page of WAL '), (blocks) =>
      compressed(blocks, compression),
    );
    const path = join(directory, 'stored');
    await writeFile(path, stored);
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let segment = 0; segment < 8; segment += 1) {
      const file = await open(path, 'r');
      let bytes = 0;
      for await (const piece of decompressed(fileBlocks(file), compression)) {
        bytes += piece.length;
      }
      await file.close();
      expect(bytes).toBe(16 * 2 ** 20);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(most / 2 ** 20).toBeLessThan(2);
  });

  it('are given up in the middle without harm', async () => {
    const content = randomBytes(9_000_000);
    const stored = await read('stored', content, (blocks) => compressed(blocks, compression));
    const path = join(directory, 'stored');
    await writeFile(path, stored);
    const file = await open(path, 'r');
    for await (const piece of decompressed(fileBlocks(file), compression)) {
      expect(piece.equals(content.subarray(0, piece.length))).toBe(true);
      break;
    }
    await file.close();
  });
});

it.each(['zstd', 'gzip'] as const)('what stands behind %s is never dropped without a word', async (compression) => {
  const first = await read('first', Buffer.alloc(5000, 'a'), (blocks) => compressed(blocks, compression));
  const back = async (content: Buffer): Promise<Buffer> =>
    read('back', content, (blocks) => decompressed(blocks, compression));
  await expect(back(Buffer.concat([first, Buffer.from('a line of something else')]))).rejects.toThrow();
  // Either all of it, or an error.
  const twice = await back(Buffer.concat([first, first])).catch((error: unknown) => error);
  expect(twice instanceof Error || (Buffer.isBuffer(twice) && twice.length === 10_000)).toBe(true);
});
