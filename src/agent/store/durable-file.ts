import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, basename, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { storeNames } from './layout.ts';

/** A file of this text, there completely or not at all. */
export async function writeDurably(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `${storeNames.temporaryPrefix}${basename(path)}-${randomUUID()}`);
  await fillDurably(path, { temporary, flags: 'wx', mode }, async (file) => {
    await file.writeFile(text);
    return true;
  });
}

/**
 * A file that is there after a power cut is there completely: written under a temporary name, fsynced, renamed, and the
 * directory fsynced (without that the rename itself may be lost, fsync(2)).
 * @param fill writes and checks; false: what is there under `path` stays.
 */
export async function fillDurably(
  path: string,
  { temporary, flags, mode }: { readonly temporary: string; readonly flags: string; readonly mode: number },
  fill: (file: FileHandle) => Promise<boolean>,
): Promise<void> {
  try {
    const file = await open(temporary, flags, mode);
    try {
      if (!(await fill(file))) {
        await rm(temporary);
        return;
      }
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
