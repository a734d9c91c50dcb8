import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { BaseBackupRecord } from '../store/layout.ts';
import { DamagedBackup } from './damaged-backup.ts';
import { releaseChunk } from './release-chunk.ts';

const blockSize = 1024 * 1024;

/**
 * The bytes of an archive, decompressed by a thread of libuv's while the caller is busy with the ones before. A piece is
 * valid until the next one is asked for. `stored` takes in the bytes as they are stored.
 * @throws DamagedBackup where it cannot be read or decoded.
 */
export async function* archiveBytes(
  path: string,
  compression: BaseBackupRecord['compression'],
  stored: Hash,
): AsyncGenerator<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const blocks = storedBlocks(file, stored);
    if (compression === 'none') {
      yield* blocks;
      return;
    }
    const sizes = {
      chunkSize: blockSize,
      // Room for two pieces: the decoder goes on while one is being read.
      readableHighWaterMark: 2 * blockSize,
      // None for input: the next block is asked for only when the decoder has done with this one.
      writableHighWaterMark: 1,
    };
    const decoder = compression === 'zstd' ? createZstdDecompress(sizes) : createGunzip(sizes);
    // pipeline's callback: an error reaches the reader of the last stream, which throws it.
    for await (const piece of pipeline(blocks, decoder, () => undefined)) {
      if (!Buffer.isBuffer(piece)) {
        throw new TypeError('a stream of bytes was expected');
      }
      yield piece;
      releaseChunk(piece);
    }
  } catch (error) {
    throw new DamagedBackup(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    await file?.close();
  }
}

/** In two buffers by turns: one is read into while the decoder works on the other. */
async function* storedBlocks(file: FileHandle, stored: Hash): AsyncGenerator<Buffer> {
  let [current, next] = [Buffer.allocUnsafeSlow(blockSize), Buffer.allocUnsafeSlow(blockSize)];
  let reading = file.read(current, 0, blockSize);
  for (;;) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) {
      return;
    }
    reading = file.read(next, 0, blockSize);
    // Nobody waits for it where the decoder fails meanwhile.
    reading.catch(() => undefined);
    const block = current.subarray(0, bytesRead);
    stored.update(block);
    yield block;
    [current, next] = [next, current];
  }
}
