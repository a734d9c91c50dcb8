import { hash } from 'node:crypto';
import { z } from 'zod';

export interface ManifestFile {
  readonly size: number;
  /** Lower-case hexadecimal SHA-256; null where the manifest has none for it. */
  readonly sha256: string | null;
}

/** Paths are relative to PGDATA. */
export type BackupManifest = ReadonlyMap<string, ManifestFile>;

const schema = z.object({
  'PostgreSQL-Backup-Manifest-Version': z.int(),
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      'Encoded-Path': z.string().optional(),
      Size: z.int(),
      'Checksum-Algorithm': z.string().optional(),
      Checksum: z.string().optional(),
    }),
  ),
});

/**
 * Reads `backup_manifest` (PostgreSQL manual, "Backup Manifest Format") and checks it against its own checksum, which
 * stands in its last line and covers all lines before.
 * @throws where it is damaged or was made with other checksums than SHA-256.
 */
export function parseBackupManifest(text: string): BackupManifest {
  const last = text.lastIndexOf('\n', text.length - 2) + 1;
  const own = /"Manifest-Checksum":\s*"([0-9a-f]{64})"/.exec(text.slice(last))?.[1];
  if (own === undefined || own !== hash('sha256', text.slice(0, last))) {
    throw new Error('backup_manifest is damaged: its own checksum is wrong');
  }
  const parsed = schema.parse(JSON.parse(text));
  const files = new Map<string, ManifestFile>();
  for (const file of parsed.Files) {
    const encoded = file['Encoded-Path'];
    const path = file.Path ?? (encoded === undefined ? undefined : Buffer.from(encoded, 'hex').toString('utf8'));
    if (path === undefined) {
      throw new Error('backup_manifest names a file without a path');
    }
    const algorithm = file['Checksum-Algorithm'];
    if (algorithm !== undefined && algorithm !== 'SHA256') {
      throw new Error(`backup_manifest was made with ${algorithm}; wanted SHA256`);
    }
    files.set(path, { size: file.Size, sha256: file.Checksum?.toLowerCase() ?? null });
  }
  return files;
}
