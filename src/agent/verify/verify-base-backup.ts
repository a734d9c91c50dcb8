import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { archiveBytes } from '../restore/archive-bytes.ts';
import { TarReader } from '../restore/tar-reader.ts';
import { readBackupManifest } from '../store/backup-manifest.ts';
import type { BackupManifest } from '../store/backup-manifest.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';

/**
 * Reads a base backup as a restore would, without writing it: the stored bytes of each archive against DONE.json, each
 * file in them against backup_manifest, and the manifest against itself. What pg_verifybackup does from version 18 on
 * for plain tar, for all compressions and all versions.
 * @returns what is wrong, a line each; empty where the backup is good.
 * @throws where `signal` ends it.
 */
export async function verifyBaseBackup(
  directory: string,
  record: BaseBackupRecord,
  signal?: AbortSignal,
): Promise<string[]> {
  const problems: string[] = [];
  let manifest: BackupManifest;
  try {
    manifest = await readBackupManifest(join(directory, storeNames.manifest));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const missing = new Set(manifest.files.keys());
  for (const archive of record.archives) {
    const path = join(directory, archive.file);
    try {
      const sha256 = await readArchive(path, archive.file, record.compression, manifest, missing, problems, signal);
      if (sha256 !== archive.sha256) {
        problems.push(`${path} does not have the checksum that it was stored with`);
      }
    } catch (error) {
      signal?.throwIfAborted();
      problems.push(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return [...problems, ...[...missing].map((file) => `${file} is in the manifest and in no archive`)];
}

/** @returns SHA-256 of the stored bytes. */
async function readArchive(
  path: string,
  file: string,
  compression: BaseBackupRecord['compression'],
  manifest: BackupManifest,
  missing: Set<string>,
  problems: string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const stored = createHash('sha256');
  const inManifest = manifestPath(file);
  let name: string | null = null;
  let hash = createHash('sha256');
  let size = 0;
  const reader = new TarReader({
    entry: (entry) => {
      name = entry.kind === 'file' ? inManifest(entry.path) : null;
      hash = createHash('sha256');
      size = 0;
    },
    data: (bytes) => {
      if (name !== null) {
        hash.update(bytes);
        size += bytes.length;
      }
    },
    end: () => {
      if (name === null) {
        return;
      }
      const expected = manifest.files.get(name);
      missing.delete(name);
      if (expected === undefined) {
        problems.push(`${name} is in ${file} and not in the manifest`);
      } else if (size !== expected.size || (expected.sha256 !== null && hash.digest('hex') !== expected.sha256)) {
        problems.push(`${name} in ${file} is not what the manifest says`);
      }
    },
  });
  for await (const bytes of archiveBytes(path, compression, stored)) {
    signal?.throwIfAborted();
    reader.write(bytes);
  }
  reader.finish();
  return stored.digest('hex');
}

/** Where a member of an archive stands in the manifest; null: WAL, which the manifest does not list. */
function manifestPath(archive: string): (member: string) => string | null {
  const [stem] = archive.split('.tar');
  if (stem === 'pg_wal') {
    return () => null;
  }
  return stem === 'base' ? (member) => member.replace(/^\.\//, '') : (member) => `pg_tblspc/${stem ?? ''}/${member}`;
}
