import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { extractBaseBackup } from '../../src/agent/restore/extract-base-backup.ts';
import { fsyncTree } from '../../src/agent/restore/fsync-tree.ts';
import { baseBackupDirectory } from '../../src/agent/store/base-backups.ts';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import { asServerUser } from '../../test/support/postgres-server.ts';
import { findTool } from '../../test/support/tool.ts';
import type { BenchDatabase } from './database.ts';
import { median, printRow, seconds } from './measure.ts';

/** Ours (checked against both checksums, fsynced) against `zstd -d | tar -x` and `sync`, which checks nothing, in turns. */
export async function benchRestore(
  database: BenchDatabase,
  root: string,
  record: BaseBackupRecord,
  runs: number,
): Promise<void> {
  const archive = join(baseBackupDirectory(root, record), 'base.tar.zst');
  const target = join(database.directory, 'restored');
  const fresh = (): void => {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
  };
  const ours: number[] = [];
  const piped: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    fresh();
    piped.push(
      await seconds(async () => {
        const result = spawnSync(
          'sh',
          ['-c', 'zstd -dc "$1" | tar -x -C "$2" -f - && sync -f "$2"', 'sh', archive, target],
          { encoding: 'utf8' },
        );
        if (result.status !== 0) {
          throw new Error(result.stderr);
        }
      }),
    );
    fresh();
    ours.push(
      await seconds(async () => {
        await extractBaseBackup(root, record, target, () => undefined);
        await fsyncTree(target);
      }),
    );
  }
  const own = median(ours.slice(1));
  const pipe = median(piped.slice(1));
  printRow({
    what: 'restore, against `zstd -d` into `tar -x` and sync',
    ours: `${own.toFixed(1)} s`,
    other: `${pipe.toFixed(1)} s`,
    ratio: `${(pipe / own).toFixed(2)} x as fast`,
  });
  rmSync(target, { recursive: true, force: true });
  await benchPgBackRest(database, own);
}

/** On the same data, where it is installed (a Debian package). */
async function benchPgBackRest(database: BenchDatabase, own: number): Promise<void> {
  const program = findTool('pgbackrest');
  if (!program.found) {
    printRow({ what: 'restore, against pgBackRest', ours: `${own.toFixed(1)} s`, other: 'not installed', ratio: '' });
    return;
  }
  const { server, directory, dataDirectory } = database;
  const run = (command: string, ...options: string[]): void => {
    const result = spawnSync(
      program.path,
      [
        '--stanza=bench',
        `--repo1-path=${directory}/pgbackrest`,
        `--log-path=${directory}`,
        `--lock-path=${directory}/lock`,
        '--log-level-console=error',
        ...options,
        command,
      ],
      { ...asServerUser(), cwd: '/tmp', encoding: 'utf8', env: { PATH: process.env['PATH'] } },
    );
    if (result.status !== 0) {
      throw new Error(`pgbackrest ${command}: ${result.stdout}${result.stderr}`);
    }
  };
  const source = [
    `--pg1-path=${dataDirectory}`,
    `--pg1-port=${server.port}`,
    `--pg1-socket-path=${server.socketDirectory}`,
    '--pg1-user=postgres',
  ];
  run('stanza-create', ...source, '--no-online');
  await server.stop();
  const backup = await seconds(async () => {
    run('backup', ...source, '--no-online', '--type=full', '--compress-type=zst', '--process-max=2');
  });
  const restore = await seconds(async () => {
    run('restore', `--pg1-path=${directory}/pgbackrest-restored`, '--process-max=2');
  });
  printRow({
    what: 'restore, against pgBackRest with two processes',
    ours: `${own.toFixed(1)} s`,
    other: `${restore.toFixed(1)} s (its backup, server stopped: ${backup.toFixed(1)} s)`,
    ratio: `${(restore / own).toFixed(2)} x as fast`,
  });
}
