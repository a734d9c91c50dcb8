import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scriptNames } from '../contract.ts';

const source = new URL('../scripts/', import.meta.url);

/**
 * Copies the sh files from the agent's image into the volume that the server's container mounts too. Each is replaced in
 * one step: a container of the pod may be running the old one. Readable by all, because a hook may run as another user.
 */
export async function installScripts(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  for (const name of Object.values(scriptNames)) {
    // A name of its own: both containers of the agent install, and each is process 1.
    const temporary = join(directory, `.${name}.${randomUUID()}`);
    await writeFile(temporary, await readFile(new URL(name, source)));
    await chmod(temporary, 0o755);
    await rename(temporary, join(directory, name));
  }
}
