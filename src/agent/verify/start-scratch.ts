import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { planRestore } from '../restore/restore-plan.ts';
import type { WalPlace } from '../restore/segment-file.ts';
import { requireSpace, stageBackup, stagedSize } from '../restore/stage-backup.ts';
import { findClientProgram } from '../server-connection/client-program.ts';
import { baseBackupDirectory } from '../store/base-backups.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { runProgram } from './run-program.ts';

export interface ScratchOptions {
  readonly place: WalPlace;
  readonly backups: readonly BaseBackupRecord[];
  readonly record: BaseBackupRecord;
  /** Directory with room for the database; removed again. */
  readonly scratch: string;
  /** A superuser of the database. */
  readonly user: string;
  readonly note: (line: string) => void;
}

/**
 * The proof that counts: restores a base backup with all WAL behind it into a scratch directory, lets pg_verifybackup
 * read it, starts a server on it that nobody else can reach, waits until it has recovered, and lets pg_amcheck read
 * every table and B-tree index.
 * @throws with the words of the program that found something.
 */
export async function startScratch(options: ScratchOptions): Promise<void> {
  const { place, record, note } = options;
  const postgres = findClientProgram('postgres', record.major);
  const directory = await mkdtemp(join(options.scratch, 'pgusher-verify-'));
  const data = join(directory, 'data');
  try {
    const plan = await planRestore(place, options.backups, {
      backup: record.id,
      target: null,
      major: record.major,
      places: null,
    });
    await requireSpace(options.scratch, stagedSize(place, plan, true));
    await stageBackup({
      place,
      directory: data,
      parts: [],
      plan,
      restoreCommand: null,
      record: {
        format: 1,
        restoreId: null,
        backup: record.id,
        target: null,
        restoredAt: new Date().toISOString(),
        namespace: 'verify',
        set: 'verify',
      },
      onBytes: () => undefined,
    });
    note(`${record.id}: restored with ${plan.steps.length} WAL segments`);
    await verifyFiles(data, place, record);
    note(`${record.id}: pg_verifybackup found nothing`);
    await checkServer(postgres, directory, data, options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** All but what a restore adds or changes. */
async function verifyFiles(data: string, place: WalPlace, record: BaseBackupRecord): Promise<void> {
  const manifest = join(baseBackupDirectory(place.root, record), storeNames.manifest);
  const own = ['postgresql.auto.conf', 'postgresql.conf', 'recovery.signal', 'pgusher-restore.json', '.pgusher'];
  // Of the server's own version: from 17 on it reads the control file, whose form changes with the version.
  await runProgram(findClientProgram('pg_verifybackup', record.major), [
    '--no-parse-wal',
    `--manifest-path=${manifest}`,
    ...own.map((path) => `--ignore=${path}`),
    data,
  ]);
}

async function checkServer(postgres: string, directory: string, data: string, options: ScratchOptions): Promise<void> {
  const { record, note, user } = options;
  // A socket's path may have 107 bytes; the scratch directory's may be longer.
  const sockets = await mkdtemp(join(tmpdir(), 'pgusher-'));
  const hba = join(directory, 'hba.conf');
  await mkdir(sockets, { recursive: true, mode: 0o700 });
  await writeFile(hba, 'local all all trust\n', { mode: 0o600 });
  const settings: Readonly<Record<string, string>> = {
    listen_addresses: '',
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    hba_file: hba,
    // What the original needs and a look at a copy does not: others to wait for, an archive to write to, 24 GB of buffers.
    synchronous_standby_names: '',
    archive_mode: 'off',
    shared_buffers: '64MB',
    ssl: 'off',
    autovacuum: 'off',
    logging_collector: 'off',
  };
  const server = spawn(
    postgres,
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log = (log + chunk).slice(-8000);
  });
  const exited = new Promise<string>((resolve) => {
    server.once('error', (error) => {
      resolve(error.message);
    });
    server.once('exit', (code, signal) => {
      resolve(signal ?? `exit code ${code}`);
    });
  });
  try {
    const how = await Promise.race([exited, untilRecovered(sockets, user)]);
    if (how !== 'recovered') {
      throw new Error(`the restored server ended with ${how}:\n${log}`);
    }
    note(`${record.id}: a server started on it and recovered`);
    note(`${record.id}: ${await readEverything(record.major, sockets, user)}`);
  } finally {
    server.kill('SIGINT');
    await exited;
    await rm(sockets, { recursive: true, force: true });
  }
}

/** Every table and B-tree index; every table with version 13, for which there is no pg_amcheck. @returns what was found. */
async function readEverything(major: number, sockets: string, user: string): Promise<string> {
  const connection = [`--host=${sockets}`, `--username=${user}`, '--no-password'];
  if (major < 14) {
    await runProgram(findClientProgram('pg_dumpall'), ['--file=/dev/null', '--no-sync', ...connection]);
    return 'pg_dumpall read every table';
  }
  const checks = ['--all', '--install-missing', '--heapallindexed'];
  await runProgram(findClientProgram('pg_amcheck'), [...checks, ...connection]);
  return 'pg_amcheck found nothing';
}

async function untilRecovered(host: string, user: string): Promise<'recovered'> {
  for (;;) {
    const client = new pg.Client({ host, port: 5432, user, database: 'template1', password: '' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const answer = await client.query<{ recovering: boolean }>('SELECT pg_is_in_recovery() AS recovering');
      if (answer.rows[0]?.recovering === false) {
        return 'recovered';
      }
    } catch (error) {
      // Starting; where it cannot start it ends, and a user that is not there never will be.
      if (error instanceof Error && 'code' in error && error.code === '28000') {
        throw error;
      }
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(500);
  }
}
