import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseBackupManifest } from '../../../src/agent/restore/backup-manifest.ts';

/** As pg_basebackup writes it: the last line is the checksum of all before. */
function manifest(files: string): string {
  const body = `{ "PostgreSQL-Backup-Manifest-Version": 1,\n"Files": [\n${files}\n],\n"WAL-Ranges": [],\n`;
  return `${body}"Manifest-Checksum": "${hash('sha256', body)}"}\n`;
}

const file = '{ "Path": "base/1/2", "Size": 8192, "Checksum-Algorithm": "SHA256", "Checksum": "AB12" }';

describe('backup_manifest', () => {
  it('names each file with size and checksum, also those whose path is no UTF-8', () => {
    const encoded = '{ "Encoded-Path": "6261", "Size": 0 }';
    expect([...parseBackupManifest(manifest(`${file},\n${encoded}`))]).toEqual([
      ['base/1/2', { size: 8192, sha256: 'ab12' }],
      ['ba', { size: 0, sha256: null }],
    ]);
  });

  it('is refused where one byte is other than it was', () => {
    expect(() => parseBackupManifest(manifest(file).replace('8192', '8193'))).toThrow(
      'backup_manifest is damaged: its own checksum is wrong',
    );
  });

  it('is refused without SHA-256', () => {
    expect(() => parseBackupManifest(manifest(file.replace('SHA256', 'CRC32C')))).toThrow(
      'backup_manifest was made with CRC32C; wanted SHA256',
    );
  });
});
