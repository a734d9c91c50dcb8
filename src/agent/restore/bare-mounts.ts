import { readdir } from 'node:fs/promises';
import { ownFolder } from '../decision/data-volume-paths.ts';

/**
 * Volumes besides the data's on which nobody has anything yet: what belongs there can only be put back by their owner, and a new
 * volume's root is root's. One that holds something is left to whom it belongs.
 */
export async function bareMounts(mounts: readonly string[]): Promise<readonly string[]> {
  const bare: string[] = [];
  for (const mount of mounts) {
    const names = await readdir(mount).catch(() => ['?']);
    if (names.every((name) => name === 'lost+found' || name === ownFolder)) {
      bare.push(mount);
    }
  }
  return bare;
}
