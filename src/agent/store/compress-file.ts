import { open } from 'node:fs/promises';
import { compressed } from './coded-bytes.ts';
import { fileBlocks } from './file-blocks.ts';
import type { BaseBackupRecord } from './layout.ts';
import { writeWhole } from './write-whole.ts';

/** Writes `source` to `target`, compressed and on disk. @param size of the source, where it is known beforehand. */
export async function compressFile(
  source: string,
  target: string,
  compression: BaseBackupRecord['compression'],
  size?: number,
): Promise<void> {
  const input = await open(source, 'r');
  try {
    const output = await open(target, 'w', 0o600);
    try {
      for await (const piece of compressed(fileBlocks(input), compression, size)) {
        await writeWhole(output, piece);
      }
      await output.sync();
    } finally {
      await output.close();
    }
  } finally {
    await input.close();
  }
}
