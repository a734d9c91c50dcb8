import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { StoreContract } from '../contract.ts';
import { storeRoot } from '../store/layout.ts';

/**
 * Whether something is mounted at `path`. A claim that is not mounted leaves an empty directory in the container, which
 * must never be taken for an empty store. A bind mount of the same file system (hostPath, a local volume) has the same
 * device number as its parent, so the kernel's table decides where stat(2) cannot (proc(5), mountinfo, fifth field).
 * @throws where `path` cannot be reached.
 */
export async function isMountPoint(path: string): Promise<boolean> {
  const absolute = resolve(path);
  const [own, parent] = await Promise.all([stat(absolute), stat(dirname(absolute))]);
  if (own.dev !== parent.dev) {
    return true;
  }
  return parseMountPoints(await readFile('/proc/self/mountinfo', 'utf8')).has(absolute);
}

/** The folder of a store that may be made: none where nothing is mounted, for what is put there is gone with the container. */
export async function foldersToMake(store: StoreContract | null, mustBeMount: boolean): Promise<readonly string[]> {
  if (store === null || (mustBeMount && !(await isMountPoint(store.mount).catch(() => false)))) {
    return [];
  }
  return [storeRoot(store)];
}

export function parseMountPoints(mountinfo: string): ReadonlySet<string> {
  return new Set(
    mountinfo
      .split('\n')
      .map((line) => line.split(' ')[4])
      .filter((point) => point !== undefined)
      .map((point) => point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))),
  );
}
