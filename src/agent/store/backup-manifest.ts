import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseLsn } from './wal-name.ts';

/** backup_manifest (PostgreSQL manual, "Backup Manifest Format"; version 1 to 16, version 2 from 17). */
export interface BackupManifest {
  /** By path relative to PGDATA. */
  readonly files: ReadonlyMap<string, ManifestFile>;
  readonly walRanges: readonly WalRange[];
  /** Bytes of all files. */
  readonly size: number;
}

export interface ManifestFile {
  readonly size: number;
  /** SHA-256, lower-case hexadecimal; null for an empty file without. */
  readonly sha256: string | null;
}

export interface WalRange {
  readonly timeline: number;
  readonly start: bigint;
  readonly end: bigint;
}

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
  'WAL-Ranges': z.array(z.object({ Timeline: z.int(), 'Start-LSN': z.string(), 'End-LSN': z.string() })),
});

/** @throws where the file cannot be read, is not what it was when it was made, or is of another kind than ours. */
export async function readBackupManifest(path: string): Promise<BackupManifest> {
  return parseBackupManifest(await readFile(path), path);
}

/** @param path for messages. */
export function parseBackupManifest(bytes: Buffer, path: string): BackupManifest {
  checkOwnChecksum(bytes, path);
  const parsed = schema.safeParse(parseJson(bytes));
  if (!parsed.success) {
    throw new Error(`${path} is not a backup manifest: ${z.prettifyError(parsed.error)}`);
  }
  const files = new Map<string, ManifestFile>();
  for (const file of parsed.data.Files) {
    const encoded = file['Encoded-Path'];
    const name = file.Path ?? (encoded === undefined ? undefined : Buffer.from(encoded, 'hex').toString());
    if (name === undefined) {
      throw new Error(`${path} names a file without a path`);
    }
    const algorithm = file['Checksum-Algorithm'];
    const sha256 = file.Checksum?.toLowerCase() ?? null;
    if ((algorithm ?? 'SHA256') !== 'SHA256' || (sha256 === null && file.Size > 0)) {
      throw new Error(
        `${path} has ${sha256 === null ? 'no checksum' : `a checksum of ${algorithm ?? 'no name'}`} for ${name}; wanted SHA256 (pg_basebackup --manifest-checksums=SHA256)`,
      );
    }
    files.set(name, { size: file.Size, sha256 });
  }
  return {
    files,
    walRanges: parsed.data['WAL-Ranges'].map((range) => ({
      timeline: range.Timeline,
      start: parseLsn(range['Start-LSN']),
      end: parseLsn(range['End-LSN']),
    })),
    size: parsed.data.Files.reduce((sum, file) => sum + file.Size, 0),
  };
}

/** The last line holds the checksum of all lines before. */
function checkOwnChecksum(bytes: Buffer, path: string): void {
  const last = bytes.lastIndexOf('\n', bytes.length - 2) + 1;
  const own = /"Manifest-Checksum":\s*"([0-9a-f]{64})"/.exec(bytes.toString('latin1', last))?.[1];
  if (own !== hash('sha256', bytes.subarray(0, last))) {
    throw new Error(`${path} is damaged: its own checksum is wrong`);
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
