import { join } from 'node:path';
import { readBackupManifest } from '../store/backup-manifest.ts';
import { baseBackupDirectory } from '../store/base-backups.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import type { OutsidePart } from './outside-parts.ts';

/** Bytes of each part in a base backup, in the order of `parts`; the WAL is not in its manifest, and counts as nothing. */
export async function partSizes(
  root: string,
  record: BaseBackupRecord,
  parts: readonly OutsidePart[],
): Promise<readonly number[]> {
  if (parts.length === 0) {
    return [];
  }
  const { files } = await readBackupManifest(join(baseBackupDirectory(root, record), storeNames.manifest));
  return parts.map(({ link }) =>
    [...files].reduce((sum, [path, { size }]) => (path.startsWith(`${link}/`) ? sum + size : sum), 0),
  );
}
