import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream';
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { blockSize } from './file-blocks.ts';
import type { BaseBackupRecord } from './layout.ts';
import { releaseMemory } from './release-memory.ts';

type Compression = BaseBackupRecord['compression'];

const sizes = {
  // No WAL segment is a multiple of it: a coder that ends with a full chunk has the next one at hand, and nobody gives it back.
  chunkSize: blockSize - 4096,
  // Piece by piece as the coder made them: a stream of bytes copies those that lie ready into a new buffer.
  readableObjectMode: true,
  // The coder goes on in a thread of libuv's while the caller is busy with one.
  readableHighWaterMark: 2,
  // None for input: the next block is asked for only when the coder has done with this one.
  writableHighWaterMark: 1,
};

export function compressionOf(path: string): Compression {
  return path.endsWith('.zst') ? 'zstd' : path.endsWith('.gz') ? 'gzip' : 'none';
}

/**
 * Blocks that were compressed, as they were before. A piece is valid until the next one is asked for; so may be a block.
 * @throws where they are damaged.
 */
export function decompressed(blocks: AsyncIterable<Buffer>, compression: Compression): AsyncIterable<Buffer> {
  switch (compression) {
    case 'none':
      return blocks;
    case 'gzip':
      return through(blocks, createGunzip(sizes));
    case 'zstd':
      // Else what stands behind the frame in the same block is dropped without an error (findings/node-zstd-of-several-frames.sh); gzip reads on by itself.
      return through(blocks, createZstdDecompress({ ...sizes, rejectGarbageAfterEnd: true }));
  }
}

/**
 * The other way. Level 3 of gzip costs a third of the default's time for a tenth more bytes; zstd's is its default.
 * @param size of all blocks, where it is known: zstd then takes no more memory than that needs.
 */
export function compressed(
  blocks: AsyncIterable<Buffer>,
  compression: Compression,
  size?: number,
): AsyncIterable<Buffer> {
  switch (compression) {
    case 'none':
      return blocks;
    case 'gzip':
      return through(blocks, createGzip({ ...sizes, level: 3 }));
    case 'zstd':
      return through(
        blocks,
        createZstdCompress({
          ...sizes,
          ...(size === undefined ? {} : { pledgedSrcSize: size }),
          params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
        }),
      );
  }
}

async function* through(blocks: AsyncIterable<Buffer>, coder: Transform): AsyncGenerator<Buffer> {
  let last: Buffer | undefined;
  // pipeline's callback: an error reaches the reader of the last stream, which throws it.
  for await (const piece of pipeline(blocks, coder, () => undefined)) {
    if (!Buffer.isBuffer(piece)) {
      throw new TypeError('a stream of bytes was expected');
    }
    yield piece;
    last = piece;
    // Only where nothing comes behind it: the coder goes on filling a chunk that has room.
    if (piece.byteOffset + piece.length === piece.buffer.byteLength) {
      releaseMemory(piece);
    }
  }
  if (last !== undefined) {
    releaseMemory(last);
  }
}
