import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './durable-file.ts';

/** Bytes on disk of all files below a folder, as the kubelet counts an emptyDir; what goes meanwhile counts for nothing. */
export async function usedSpace(folder: string): Promise<number> {
  try {
    let bytes = 0;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      bytes += entry.isDirectory() ? await usedSpace(path) : await blocksOf(path);
    }
    return bytes;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return 0;
    }
    throw error;
  }
}

async function blocksOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).blocks * 512;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return 0;
    }
    throw error;
  }
}
