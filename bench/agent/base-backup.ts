import { rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compressionMethods, takeBaseBackup } from '../../src/agent/backup/base-backup.ts';
import { verifyBaseBackup } from '../../src/agent/verify/verify-base-backup.ts';
import { baseBackupDirectory } from '../../src/agent/store/base-backups.ts';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import { requireTool } from '../../test/support/tool.ts';
import type { BenchDatabase } from './database.ts';
import { median, printRow, seconds } from './measure.ts';

/** Ours against `pg_basebackup` with the same options, in turns. @returns the last backup, for the restore. */
export async function benchBaseBackup(database: BenchDatabase, root: string, runs: number): Promise<BaseBackupRecord> {
  const { server } = database;
  const environment = {
    PATH: process.env['PATH'] ?? '',
    PGHOST: server.socketDirectory,
    PGPORT: String(server.port),
    PGUSER: server.user,
  };
  const program = requireTool('pg_basebackup');
  const [method] = compressionMethods('zstd', 15, availableParallelism());
  const ours: number[] = [];
  const bare: number[] = [];
  let record: BaseBackupRecord | undefined;
  // The first round warms the caches and does not count.
  for (let run = 0; run <= runs; run += 1) {
    const plain = join(database.directory, 'bare');
    rmSync(plain, { recursive: true, force: true });
    bare.push(
      await seconds(async () => {
        const result = spawnSync(
          program,
          [
            '-D',
            plain,
            '--format=tar',
            '--checkpoint=fast',
            '--wal-method=stream',
            '--manifest-checksums=SHA256',
            `--compress=${method ?? ''}`,
          ],
          { env: environment, encoding: 'utf8' },
        );
        if (result.status !== 0) {
          throw new Error(result.stderr);
        }
      }),
    );
    rmSync(plain, { recursive: true, force: true });
    if (record !== undefined) {
      rmSync(baseBackupDirectory(root, record), { recursive: true, force: true });
    }
    ours.push(
      await seconds(async () => {
        record = await takeBaseBackup({
          root,
          program,
          environment,
          facts: { systemId: database.systemId, timeline: 1, major: 15, segmentSize: 16 * 2 ** 20 },
          compression: 'zstd',
          settings: {},
          walDirectory: null,
          tablespaces: [],
          now: () => new Date(),
          signal: new AbortController().signal,
        });
      }),
    );
  }
  if (record === undefined) {
    throw new Error('no backup was made');
  }
  const [own, other] = [median(ours.slice(1)), median(bare.slice(1))];
  printRow({
    what: `base backup of ${(record.size / 1e9).toFixed(1)} GB, against pg_basebackup --compress=${method ?? ''}`,
    ours: `${own.toFixed(1)} s`,
    other: `${other.toFixed(1)} s`,
    ratio: `${(other / own).toFixed(2)} of its throughput`,
  });
  const directory = baseBackupDirectory(root, record);
  const kept = record;
  const verify = await seconds(() => verifyBaseBackup(directory, kept));
  printRow({
    what: 'verification of it (not in the time above)',
    ours: `${verify.toFixed(1)} s`,
    other: '',
    ratio: '',
  });
  return record;
}
