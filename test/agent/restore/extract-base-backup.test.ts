import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractBaseBackup } from '../../../src/agent/restore/extract-base-backup.ts';
import { baseBackupDirectory } from '../../../src/agent/store/base-backups.ts';
import type { BaseBackupRecord } from '../../../src/agent/store/layout.ts';

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Of all kinds: empty, of a page, larger than a piece of the stream and not a multiple of anything, and of whole pages. */
const contents: Readonly<Record<string, Buffer>> = {
  PG_VERSION: Buffer.from('15\n'),
  'base/5/1259': randomBytes(8192),
  'base/5/1259_vm': Buffer.alloc(0),
  'base/5/2613': randomBytes(3_000_001),
  'base/5/2619': Buffer.alloc(5_000_000, 'zeros'),
  'base/5/2620': randomBytes(4 * 2 ** 20 + 8192),
  'base/5/2621': randomBytes(2 ** 20),
  'global/pg_control': randomBytes(8192),
};

async function tarOf(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, bytes] of Object.entries(files)) {
    archive.entry({ name }, bytes);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) {
    chunks.push(Buffer.from(chunk as Uint8Array));
  }
  return Buffer.concat(chunks);
}

function manifestOf(files: Readonly<Record<string, Buffer>>): string {
  const text = `${JSON.stringify({
    'PostgreSQL-Backup-Manifest-Version': 1,
    Files: Object.entries(files).map(([path, bytes]) => ({
      Path: path,
      Size: bytes.length,
      'Checksum-Algorithm': 'SHA256',
      Checksum: sha256(bytes),
    })),
    'WAL-Ranges': [],
  }).slice(0, -1)},\n`;
  return `${text}"Manifest-Checksum": "${sha256(text)}"}\n`;
}

describe('the extraction of a base backup', () => {
  let directory: string;
  let target: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pgusher-extract-'));
    target = join(directory, 'target');
    mkdirSync(target);
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  /** A backup in a store of its own; `archived` where the archive is not what the manifest says. */
  async function backup(
    compression: BaseBackupRecord['compression'],
    archived: Readonly<Record<string, Buffer>> = contents,
    manifest = contents,
  ): Promise<BaseBackupRecord> {
    const tar = await tarOf(archived);
    const stored = { zstd: zstdCompressSync, gzip: gzipSync, none: (bytes: Buffer) => bytes }[compression](tar);
    const file = { zstd: 'base.tar.zst', gzip: 'base.tar.gz', none: 'base.tar' }[compression];
    const record: BaseBackupRecord = {
      format: 1,
      id: '20260101T000000Z_00000001_0000000002000028',
      systemId: '7000000000000000000',
      major: 15,
      segmentSize: 16 * 2 ** 20,
      timeline: 1,
      startLsn: '0/2000028',
      endLsn: '0/2000100',
      startSegment: '000000010000000000000002',
      endSegment: '000000010000000000000002',
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:01.000Z',
      compression,
      archives: [{ file, storedSize: stored.length, sha256: sha256(stored) }],
      tablespaces: [],
      size: tar.length,
      storedSize: stored.length,
      settings: {},
      verified: null,
    };
    const folder = baseBackupDirectory(directory, record);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), stored);
    writeFileSync(join(folder, 'backup_manifest'), manifestOf(manifest));
    return record;
  }

  it.each(['zstd', 'gzip', 'none'] as const)(
    'gives back every file to the byte from %s, and no access to others',
    async (compression) => {
      let told = 0;
      await extractBaseBackup(directory, await backup(compression), target, (bytes) => {
        told += bytes;
      });
      for (const [path, bytes] of Object.entries(contents)) {
        expect(readFileSync(join(target, path)).equals(bytes), path).toBe(true);
        expect(statSync(join(target, path)).mode & 0o777, path).toBe(0o600);
      }
      expect(statSync(join(target, 'base/5')).mode & 0o777).toBe(0o700);
      expect(told).toBe(Object.values(contents).reduce((sum, bytes) => sum + bytes.length, 0));
    },
  );

  it('leaves no file open', async () => {
    const open = (): number => readdirSync('/proc/self/fd').filter(Boolean).length;
    const record = await backup('zstd');
    await extractBaseBackup(directory, record, target, () => undefined);
    const before = open();
    await extractBaseBackup(directory, record, target, () => undefined);
    const flipped = Buffer.from(contents['base/5/2613'] ?? []);
    flipped[2_000_000] = (flipped[2_000_000] ?? 0) ^ 1;
    const damaged = await backup('zstd', { ...contents, 'base/5/2613': flipped });
    await extractBaseBackup(directory, damaged, target, () => undefined).catch(() => undefined);
    expect(open()).toBe(before);
  });

  it('refuses a file with one bit flipped', async () => {
    const flipped = Buffer.from(contents['base/5/2613'] ?? []);
    flipped[2_000_000] = (flipped[2_000_000] ?? 0) ^ 1;
    const record = await backup('zstd', { ...contents, 'base/5/2613': flipped });
    await expect(extractBaseBackup(directory, record, target, () => undefined)).rejects.toMatchObject({
      name: 'DamagedBackup',
      message: expect.stringContaining('base/5/2613 has another checksum than in backup_manifest') as string,
    });
  });

  it('refuses an archive that lacks a file, is cut off, or holds one too many', async () => {
    const { PG_VERSION: left, ...rest } = contents;
    expect(left).toBeDefined();
    await expect(extractBaseBackup(directory, await backup('zstd', rest), target, () => undefined)).rejects.toThrow(
      'lacks 1 of 8 files, the first is PG_VERSION',
    );
    const record = await backup('none');
    const path = join(baseBackupDirectory(directory, record), 'base.tar');
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 1_000_000));
    await expect(extractBaseBackup(directory, record, target, () => undefined)).rejects.toThrow(
      'the archive ends in the middle of an entry',
    );
    const more = await backup('zstd', { ...contents, 'base/5/666': randomBytes(8192) });
    await expect(extractBaseBackup(directory, more, target, () => undefined)).rejects.toThrow(
      'base/5/666 is in the archive and not in backup_manifest: the base backup is damaged',
    );
  });

  it('leaves out our own folder, which is in the backup where PGDATA is the mount itself', async () => {
    const own = {
      '.pgusher/lock': Buffer.from('shop/orders'),
      '.pgusher/wal/000000010000000000000002': randomBytes(100),
    };
    const record = await backup('zstd', { ...contents, ...own }, { ...contents, ...own });
    await extractBaseBackup(directory, record, target, () => undefined);
    expect(readdirSync(target)).not.toContain('.pgusher');
  });

  it('takes the WAL of the backup, which is not in the manifest, by the checksum of its archive alone', async () => {
    const record = await backup('none');
    const wal = { '000000010000000000000002': randomBytes(2 ** 20) };
    const bytes = await tarOf(wal);
    const path = join(baseBackupDirectory(directory, record), 'pg_wal.tar');
    writeFileSync(path, bytes);
    const archive = { file: 'pg_wal.tar', storedSize: bytes.length, sha256: sha256(bytes) };
    const whole = { ...record, archives: [...record.archives, archive] };
    await extractBaseBackup(directory, whole, target, () => undefined);
    expect(
      readFileSync(join(target, 'pg_wal', '000000010000000000000002')).equals(Object.values(wal)[0] ?? Buffer.alloc(0)),
    ).toBe(true);
    bytes[700] = (bytes[700] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await expect(extractBaseBackup(directory, whole, target, () => undefined)).rejects.toThrow(
      'the archive has another checksum than when it was made',
    );
  });

  it('blames the volume, not the backup, where it cannot write', async () => {
    writeFileSync(join(target, 'base'), 'a file where a folder must be');
    const failed = extractBaseBackup(directory, await backup('zstd'), target, () => undefined);
    await expect(failed).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(failed).rejects.not.toMatchObject({ name: 'DamagedBackup' });
  });
});
