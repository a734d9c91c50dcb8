import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import { places } from './places.ts';

/** The images of the builder, apart from those of whoever else uses it on this machine. */

export const environment = { CONTAINERS_STORAGE_CONF: join(places.storage, 'storage.conf') };

export const buildah = (...args: readonly string[]): Promise<string> => command('buildah', args, { environment });

export function prepareStorage(): void {
  mkdirSync(places.storage, { recursive: true });
  writeFileSync(
    environment.CONTAINERS_STORAGE_CONF,
    `[storage]\ndriver = "overlay"\ngraphroot = "${join(places.storage, 'images')}"\nrunroot = "${join(places.sockets, 'storage')}"\n`,
  );
}

/** What the builder says of an image: its configuration as OCI has it. */
export async function imageConfiguration(name: string): Promise<unknown> {
  const told = JSON.parse(await buildah('inspect', '--type', 'image', name)) as { readonly OCIv1: unknown };
  return told.OCIv1;
}

/** The files of an image, below a directory that is there until `look` has ended. */
export async function withFilesOf<Result>(name: string, look: (root: string) => Promise<Result>): Promise<Result> {
  const container = (await buildah('from', '--pull-never', name)).trim();
  try {
    return await look((await buildah('mount', container)).trim());
  } finally {
    await buildah('rm', container);
  }
}
