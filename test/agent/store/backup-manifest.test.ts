import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseBackupManifest } from '../../../src/agent/store/backup-manifest.ts';

const ranges = '{ "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100" }';
const file = '{ "Path": "base/1/2", "Size": 8192, "Checksum-Algorithm": "SHA256", "Checksum": "AB12" }';

/** As pg_basebackup writes it: the last line is the checksum of all before. */
function manifest(files: string): Buffer {
  const body = `{ "PostgreSQL-Backup-Manifest-Version": 1,\n"Files": [\n${files}\n],\n"WAL-Ranges": [\n${ranges}\n],\n`;
  return Buffer.from(`${body}"Manifest-Checksum": "${hash('sha256', body)}"}\n`);
}

const parse = (bytes: Buffer) => parseBackupManifest(bytes, '/store/backup_manifest');

describe('backup_manifest', () => {
  it('names each file with size and checksum, also those whose path is no UTF-8, and the WAL it needs', () => {
    const { files, size, walRanges } = parse(manifest(`${file},\n{ "Encoded-Path": "6261", "Size": 0 }`));
    expect([...files]).toEqual([
      ['base/1/2', { size: 8192, sha256: 'ab12' }],
      ['ba', { size: 0, sha256: null }],
    ]);
    expect(size).toBe(8192);
    expect(walRanges).toEqual([{ timeline: 1, start: 0x2000028n, end: 0x2000100n }]);
  });

  it.each([
    ['one byte is other than it was', manifest(file).toString().replace('8192', '8193')],
    ['its last line is cut off', manifest(file).toString().split('"Manifest-Checksum"')[0] ?? ''],
    ['it is empty', ''],
  ])('is refused where %s', (_, text) => {
    expect(() => parse(Buffer.from(text))).toThrow('/store/backup_manifest is damaged: its own checksum is wrong');
  });

  it.each([
    ['without SHA-256', file.replace('SHA256', 'CRC32C'), 'has a checksum of CRC32C for base/1/2; wanted SHA256'],
    ['without checksums', '{ "Path": "base/1/2", "Size": 1 }', 'has no checksum for base/1/2; wanted SHA256'],
    ['with a file of no name', '{ "Size": 1 }', 'names a file without a path'],
    ['with other fields', '{ "Path": "base/1/2" }', 'is not a backup manifest: ✖ Invalid input'],
  ])('is refused %s', (_, files, message) => {
    expect(() => parse(manifest(files))).toThrow(`/store/backup_manifest ${message}`);
  });
});
