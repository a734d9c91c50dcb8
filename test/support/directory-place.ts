import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Place, Trouble } from '../../src/store/place.ts';

/** What a place was asked, before it answers. Trouble: it answers that, and nothing was done. */
export type Fault = (operation: 'read' | 'list' | 'put' | 'delete', key: string) => Trouble | undefined;

/**
 * A folder as a place, for what is about steps and their order; what an object store does by itself is tried on a real one.
 * Versions are what stands in a file.
 */
export function directoryPlace(root: string, fault: Fault = () => undefined): Place {
  let temporary = 0;
  const put = async (key: string, bytes: Buffer, once: boolean): Promise<'stored' | 'exists'> => {
    const path = join(root, key);
    await mkdir(dirname(path), { recursive: true });
    const written = join(root, `.tmp-${process.pid}-${(temporary += 1)}`);
    await writeFile(written, bytes);
    try {
      await (once ? link(written, path) : rename(written, path));
      return 'stored';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
        return 'exists';
      }
      throw error;
    } finally {
      await rm(written, { force: true });
    }
  };
  const versionOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  return {
    name: `directory ${root}`,
    read: async (key, range) => {
      const trouble = fault('read', key);
      if (trouble !== undefined) {
        return trouble;
      }
      const path = join(root, key);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) {
        return { outcome: 'absent' };
      }
      const bytes = createReadStream(path, {
        start: range?.from ?? 0,
        end: (range?.to ?? found.size) - 1,
      });
      return { outcome: 'found', bytes, size: found.size, version: versionOf(await readFile(path)) };
    },
    list: async (prefix) => {
      const trouble = fault('list', prefix);
      if (trouble !== undefined) {
        return trouble;
      }
      const files = await readdir(join(root, prefix), { recursive: true, withFileTypes: true }).catch(() => []);
      const objects = await Promise.all(
        files
          .filter((entry) => entry.isFile() && !entry.name.startsWith('.tmp-'))
          .map(async (entry) => {
            const path = join(entry.parentPath, entry.name);
            const { size, mtime } = await stat(path);
            return { key: path.slice(root.length + 1), size, modified: mtime };
          }),
      );
      return { outcome: 'listed', objects: objects.sort((left, right) => (left.key < right.key ? -1 : 1)) };
    },
    putIfAbsent: async (key, bytes) => {
      const trouble = fault('put', key);
      if (trouble !== undefined) {
        return trouble;
      }
      return (await put(key, Buffer.from(bytes), true)) === 'stored'
        ? { outcome: 'stored', version: versionOf(bytes) }
        : { outcome: 'exists' };
    },
    replaceIfUnchanged: async (key, bytes, version) => {
      const trouble = fault('put', key);
      if (trouble !== undefined) {
        return trouble;
      }
      const now = await readFile(join(root, key)).catch(() => undefined);
      if (now === undefined || versionOf(now) !== version) {
        return { outcome: 'changed' };
      }
      await put(key, Buffer.from(bytes), false);
      return { outcome: 'stored', version: versionOf(bytes) };
    },
    putStream: async (key, bytes) => {
      const trouble = fault('put', key);
      if (trouble !== undefined) {
        bytes.destroy();
        return trouble;
      }
      const pieces: Buffer[] = [];
      for await (const piece of bytes as AsyncIterable<Buffer>) {
        pieces.push(piece);
      }
      const whole = Buffer.concat(pieces);
      await put(key, whole, false);
      return { outcome: 'stored', version: versionOf(whole), size: whole.length, sha256: versionOf(whole) };
    },
    delete: async (key) => {
      const trouble = fault('delete', key);
      if (trouble === undefined) {
        await rm(join(root, key), { force: true });
      }
      return trouble ?? { outcome: 'deleted' };
    },
    probe: async () => ({
      outcome: 'probed',
      seesAbsence: true,
      mayList: true,
      mayWrite: true,
      writesOnce: true,
      mayDelete: true,
    }),
    close: () => undefined,
  };
}

/** Flips one bit in the middle of an object. */
export async function damageObject(root: string, key: string): Promise<void> {
  const file = await open(join(root, key), 'r+');
  try {
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, Math.floor(size / 2));
    byte[0] = (byte[0] ?? 0) ^ 1;
    await file.write(byte, 0, 1, Math.floor(size / 2));
  } finally {
    await file.close();
  }
}
