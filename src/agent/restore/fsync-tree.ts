import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../store/durable-file.ts';

/** Files at once: the journal commits of fsyncs that wait together are shared. */
const atOnce = 16;

/** Everything below `directory` and the directory itself is on disk when this returns; files before the folders that name them. */
export async function fsyncTree(directory: string): Promise<void> {
  const files: string[] = [];
  const folders: string[] = [directory];
  for (const folder of folders) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        folders.push(path);
      } else if (entry.isFile()) {
        files.push(path);
      }
    }
  }
  await atOnceEach(files, syncFile);
  await atOnceEach(folders.reverse(), syncDirectory);
}

async function atOnceEach(paths: readonly string[], sync: (path: string) => Promise<void>): Promise<void> {
  const queue = [...paths];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
        await sync(path);
      }
    }),
  );
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
