import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tryCommand } from './command.ts';
import { buildah, environment } from './image-storage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Builds under a name that holds a hash of what it is made from, and gives that image its proper name. */
export async function unlessThere(
  name: string,
  kind: string,
  sources: readonly string[],
  build: (tag: string) => Promise<void>,
): Promise<void> {
  const repository = `localhost/pgusher-${kind}-${(name.split('/').at(-1) ?? name).replace(':', '-')}`;
  const tag = `${repository}:${hashOf(sources)}`;
  const isThere = await buildah('inspect', '--type', 'image', tag).then(
    () => true,
    () => false,
  );
  if (!isThere) await build(tag);
  await buildah('tag', tag, name);
  if (isThere) return;
  // Each change of the sources makes one; they would fill the disk. One that another image is made from stays.
  const names = (await buildah('images', '--format', '{{.Name}}:{{.Tag}}')).split('\n');
  for (const old of names.filter((other) => other.startsWith(`${repository}:`) && other !== tag)) {
    await tryCommand('buildah', ['rmi', old], { environment });
  }
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).toSorted()) add(join(path, entry));
    } else {
      hash.update(`${relative(root, path)}\0`).update(readFileSync(path));
    }
  };
  for (const path of paths) add(path);
  return hash.digest('hex').slice(0, 16);
}
