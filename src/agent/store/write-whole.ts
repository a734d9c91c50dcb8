import type { FileHandle } from 'node:fs/promises';

/** write(2) may take less than it was given, as on a volume that is about to be full. */
export async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}
