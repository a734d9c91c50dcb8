import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { decompressed } from '../store/coded-bytes.ts';
import { fileBlocks } from '../store/file-blocks.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { DamagedBackup } from './damaged-backup.ts';

/**
 * The bytes of an archive, decompressed by a thread of libuv's while the caller is busy with the ones before. A piece is
 * valid until the next one is asked for. `stored` takes in the bytes as they are stored, where anybody wants to know.
 * @throws DamagedBackup where it cannot be read or decoded.
 */
export async function* archiveBytes(
  path: string,
  compression: BaseBackupRecord['compression'],
  stored: Hash | null,
): AsyncGenerator<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const blocks = fileBlocks(file);
    yield* decompressed(stored === null ? blocks : hashed(blocks, stored), compression);
  } catch (error) {
    throw new DamagedBackup(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    await file?.close();
  }
}

async function* hashed(blocks: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const block of blocks) {
    hash.update(block);
    yield block;
  }
}
