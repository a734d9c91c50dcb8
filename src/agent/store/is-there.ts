import { access } from 'node:fs/promises';
import { errorCode } from './durable-file.ts';

/** Only what is absent is not there. @throws where it cannot be told: a volume that fails must not look like an empty one. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return false;
    }
    throw error;
  }
}
