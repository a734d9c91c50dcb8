import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { extractBaseBackup } from '../../src/agent/restore/extract-base-backup.ts';
import { fsyncTree } from '../../src/agent/restore/fsync-tree.ts';
import { baseBackupDirectory } from '../../src/agent/store/base-backups.ts';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import { asServerUser } from '../../test/support/postgres-server.ts';
import { findTool } from '../../test/support/tool.ts';
import { keptSlot } from './database.ts';
import type { BenchDatabase } from './database.ts';
import { median, printRow, seconds } from './measure.ts';

/**
 * Ours (every file checked against its SHA-256, all on disk) against `zstd -d | tar -x`, which checks nothing, and against
 * that with `sync`, in turns.
 */
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
  const synced: number[] = [];
  const ownCpu: number[] = [];
  const pipeCpu: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    fresh();
    const began = performance.now();
    const result = spawnSync('sh', ['-c', 'zstd -dc "$1" | tar -x -C "$2" -f -; times', 'sh', archive, target], {
      encoding: 'utf8',
    });
    piped.push((performance.now() - began) / 1000);
    if (result.status !== 0 || result.stderr !== '') {
      throw new Error(result.stderr);
    }
    pipeCpu.push(cpuOfChildren(result.stdout));
    spawnSync('sync', ['-f', target]);
    synced.push((performance.now() - began) / 1000);
    fresh();
    const before = process.cpuUsage();
    ours.push(
      await seconds(async () => {
        await extractBaseBackup(root, record, target, () => undefined);
        await fsyncTree(target);
      }),
    );
    const used = process.cpuUsage(before);
    ownCpu.push((used.user + used.system) / 1e6);
  }
  const own = median(ours.slice(1));
  for (const [name, other] of [
    ['`zstd -d` into `tar -x`', median(piped.slice(1))],
    ['the same and `sync`', median(synced.slice(1))],
  ] as const) {
    printRow({
      what: `restore, against ${name}`,
      ours: `${own.toFixed(1)} s`,
      other: `${other.toFixed(1)} s`,
      ratio: `${(own / other).toFixed(2)} of its time`,
    });
  }
  const [cpu, cpuOfPipe] = [median(ownCpu.slice(1)), median(pipeCpu.slice(1))];
  printRow({
    what: 'CPU time of it, against `zstd -d` into `tar -x`',
    ours: `${cpu.toFixed(1)} s`,
    other: `${cpuOfPipe.toFixed(1)} s`,
    ratio: `${(cpu / cpuOfPipe).toFixed(2)} of it`,
  });
  rmSync(target, { recursive: true, force: true });
  await benchPgBackRest(database, own);
}

/** The second line of `times` in sh: user and system time of what it ran, `0m1.025000s 0m0.120000s`. */
function cpuOfChildren(times: string): number {
  const fields =
    times
      .trim()
      .split('\n')
      .at(-1)
      ?.matchAll(/(\d+)m([\d.]+)s/g) ?? [];
  return [...fields].reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
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
  // A backup of a stopped server takes in pg_wal too: no more of it than ours carries.
  await server.sql(`SELECT pg_drop_replication_slot('${keptSlot}')`);
  await server.sql('SELECT pg_switch_wal()');
  await server.sql('CHECKPOINT');
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
    ratio: `${(own / restore).toFixed(2)} of its time`,
  });
}
