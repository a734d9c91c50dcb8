import { createHash, hash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { fileBlocks } from './file-blocks.ts';

/** SHA-256 of a file's bytes, hexadecimal. @throws where it cannot be read. */
export async function sha256Of(path: string): Promise<string> {
  // The two blocks of the other way cost more than a small file.
  if ((await stat(path)).size < 2 ** 17) {
    return hash('sha256', await readFile(path));
  }
  const digest = createHash('sha256');
  const file = await open(path, 'r');
  try {
    for await (const block of fileBlocks(file)) {
      digest.update(block);
    }
  } finally {
    await file.close();
  }
  return digest.digest('hex');
}
