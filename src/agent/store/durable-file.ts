import { open, rename, rm } from 'node:fs/promises';
import { dirname, basename, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { storeNames } from './layout.ts';

/**
 * A file that is there after a power cut is there completely: written under a temporary name, fsynced, renamed, and the
 * directory fsynced (without that the rename itself may be lost, fsync(2)).
 */
export async function writeDurably(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `${storeNames.temporaryPrefix}${basename(path)}-${randomUUID()}`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The code of a failed system call (`ENOENT`, `ENOSPC` …), or undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
