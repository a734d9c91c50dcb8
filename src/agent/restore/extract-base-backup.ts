import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { join } from 'node:path';
import type { BackupManifest } from '../store/backup-manifest.ts';
import { readBackupManifest } from '../store/backup-manifest.ts';
import { baseBackupDirectory } from '../store/base-backups.ts';
import { errorCode } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { archiveBytes } from './archive-bytes.ts';
import { DamagedBackup } from './damaged-backup.ts';
import { tablespaceLink } from './outside-parts.ts';
import { ManifestCheckedFiles } from './manifest-checked-files.ts';
import { TarReader } from './tar-reader.ts';

/**
 * Extracts a base backup into an empty directory. Every file is checked against backup_manifest, and none may be absent
 * or too many; the WAL, which is not in the manifest, by the SHA-256 of its archive. One thread decompresses, one takes
 * checksums, others write, and this one hands the bytes on.
 * @param elsewhere directories for parts of it, by their path in PGDATA: `pg_wal`, `pg_tblspc/16400`.
 * @param onBytes is told how many bytes of files were written since the last call.
 * @throws DamagedBackup where something is not as it was; an error of the system where it cannot be written.
 */
export async function extractBaseBackup(
  root: string,
  record: BaseBackupRecord,
  directory: string,
  onBytes: (bytes: number) => void,
  elsewhere: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const folder = baseBackupDirectory(root, record);
  const manifest = await readManifest(join(folder, storeNames.manifest));
  const files = new ManifestCheckedFiles(directory, manifest, elsewhere);
  try {
    for (const archive of record.archives) {
      const path = join(folder, archive.file);
      // pg_basebackup puts the WAL of the backup itself into an archive of its own, with paths from pg_wal on.
      const isWal = archive.file.startsWith('pg_wal.tar');
      files.folder = isWal ? 'pg_wal' : folderOf(archive.file);
      files.vouchedFor = !isWal;
      const stored = isWal ? createHash('sha256') : null;
      // The size of a backup is that of the files in its manifest; progress is told of that.
      await extractArchive(path, record.compression, files, stored, isWal ? () => undefined : onBytes);
      if (stored !== null && stored.digest('hex') !== archive.sha256) {
        throw new DamagedBackup(`${path}: the archive has another checksum than when it was made`);
      }
    }
  } finally {
    await files.close();
  }
  const absent = [...manifest.files.keys()].filter((path) => !files.seen.has(path));
  if (absent.length > 0) {
    throw new DamagedBackup(
      `base backup ${record.id} lacks ${absent.length} of ${manifest.files.size} files, the first is ${absent[0] ?? ''}`,
    );
  }
}

/** Each tablespace has an archive of its own, named by its oid (manual, pg_basebackup, `--format=tar`). */
function folderOf(file: string): string {
  const oid = /^(\d+)\.tar/.exec(file)?.[1];
  return oid === undefined ? '' : tablespaceLink(oid);
}

async function readManifest(path: string): Promise<BackupManifest> {
  try {
    return await readBackupManifest(path);
  } catch (error) {
    throw new DamagedBackup(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function extractArchive(
  path: string,
  compression: BaseBackupRecord['compression'],
  files: ManifestCheckedFiles,
  stored: Hash | null,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const reader = new TarReader(files);
  try {
    for await (const bytes of archiveBytes(path, compression, stored)) {
      await files.room();
      const before = files.bytes;
      reader.write(bytes);
      onBytes(files.bytes - before);
    }
    reader.finish();
    await files.settle();
  } catch (error) {
    // What is the volume's fault has a code (ENOSPC …); errors in reading the backup are DamagedBackup already.
    throw error instanceof Error && (error instanceof DamagedBackup || errorCode(error) === undefined)
      ? new DamagedBackup(`${path}: ${error.message}`, { cause: error })
      : error;
  }
}
