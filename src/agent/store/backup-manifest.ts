import { createHash } from 'node:crypto';
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
  /** SHA-256, hexadecimal; null for an empty file of a manifest without. */
  readonly sha256: string | null;
}

export interface WalRange {
  readonly timeline: number;
  readonly start: bigint;
  readonly end: bigint;
}

const schema = z.object({
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      'Encoded-Path': z.string().optional(),
      Size: z.number(),
      'Checksum-Algorithm': z.string().optional(),
      Checksum: z.string().optional(),
    }),
  ),
  'WAL-Ranges': z.array(z.object({ Timeline: z.number(), 'Start-LSN': z.string(), 'End-LSN': z.string() })),
  'Manifest-Checksum': z.string(),
});

/** @throws where the file cannot be read, is not what it should be, or its own checksum does not fit. */
export async function readBackupManifest(path: string): Promise<BackupManifest> {
  return parseBackupManifest(await readFile(path), path);
}

export function parseBackupManifest(bytes: Buffer, path: string): BackupManifest {
  const parsed = schema.safeParse(parseJson(bytes));
  if (!parsed.success) {
    throw new Error(`${path} is not a backup manifest`);
  }
  // The checksum is of everything before the last line, which holds it.
  const lastLine = bytes.lastIndexOf('"Manifest-Checksum"');
  const body = bytes.subarray(0, bytes.lastIndexOf('\n', lastLine) + 1);
  if (createHash('sha256').update(body).digest('hex') !== parsed.data['Manifest-Checksum']) {
    throw new Error(`${path} is damaged: its own checksum does not fit`);
  }
  const files = new Map<string, ManifestFile>();
  for (const file of parsed.data.Files) {
    const name = file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString();
    files.set(name, {
      size: file.Size,
      sha256: file['Checksum-Algorithm'] === 'SHA256' ? (file.Checksum ?? null) : null,
    });
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

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
