import { randomUUID } from 'node:crypto';
import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises';

/** In one step, with the mode that the file has. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.pgusher-${randomUUID()}`;
  try {
    await writeFile(temporary, text, { mode: 0o600 });
    await chmod(temporary, (await stat(path)).mode & 0o777);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
