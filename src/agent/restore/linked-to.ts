import { readlink } from 'node:fs/promises';
import { errorCode } from '../store/durable-file.ts';

/** Where a symbolic link points to, as it is written; null: there is none. */
export async function linkedTo(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    // EINVAL: it is something else.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EINVAL') {
      return null;
    }
    throw error;
  }
}
