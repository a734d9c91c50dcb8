import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { BackupContract } from '../contract.ts';
import { readBackupManifest } from '../store/backup-manifest.ts';
import { baseBackupDirectory, writeBaseBackupRecord } from '../store/base-backups.ts';
import { namesIn } from '../store/stored-records.ts';
import { compressFile } from '../store/compress-file.ts';
import { syncDirectory } from '../store/durable-file.ts';
import { sha256Of } from '../store/file-digest.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupArchive, BaseBackupRecord } from '../store/layout.ts';
import { backupId, formatLsn, lastSegmentBefore, segmentAt } from '../store/wal-name.ts';
import type { ServerFacts } from './server-facts.ts';

type Compression = BackupContract['compression'];

export interface BaseBackupOptions {
  readonly root: string;
  readonly program: string;
  /** libpq variables; see libpqEnvironment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly facts: Omit<ServerFacts, 'inRecovery'>;
  readonly compression: Compression;
  readonly settings: Readonly<Record<string, number>>;
  readonly tablespaces: readonly { readonly oid: string; readonly location: string }[];
  /** What pg_wal is a link to; null: a folder of PGDATA. */
  readonly walDirectory: string | null;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/**
 * Where compression is done, in the order of trying; `--compress` of pg_basebackup. By the server with workers where it
 * can (15 and newer, built with zstd): 1.6 GB took 2.4 s on two cores against 3.7 s by the client, because only the
 * compressed bytes cross the socket, and the agent's CPU limit is the small one.
 */
export function compressionMethods(compression: Compression, major: number, cores: number): string[] {
  const workers = Math.min(cores, 4);
  switch (compression) {
    case 'none':
      return ['none'];
    case 'gzip':
      // One core in either place: level 3 costs a third of the default's time for a tenth more bytes.
      return [...(major >= 15 ? ['server-gzip:level=3'] : []), 'client-gzip:level=3'];
    case 'zstd':
      return [
        ...(major >= 15 ? [`server-zstd:level=3,workers=${workers}`] : []),
        `client-zstd:level=3,workers=${workers}`,
      ];
  }
}

const extension = { zstd: '.tar.zst', gzip: '.tar.gz', none: '.tar' } as const;

/**
 * Takes one base backup. It carries its own WAL (`-X stream`) in pg_wal.tar, so that it becomes consistent even where a
 * segment of the store is damaged. DONE.json comes last, then the directory gets its name: what is cut off before that
 * leaves a `.tmp-…` that the next start removes.
 * @throws with pg_basebackup's own words.
 */
export async function takeBaseBackup(options: BaseBackupOptions): Promise<BaseBackupRecord> {
  const { facts, compression } = options;
  const base = join(options.root, facts.systemId, storeNames.base);
  const directory = join(base, `${storeNames.temporaryPrefix}${randomUUID()}`);
  const startedAt = options.now();
  await mkdir(base, { recursive: true, mode: 0o700 });
  try {
    await runBaseBackup(directory, options);
    await compressWal(directory, compression);
    const manifest = await readBackupManifest(join(directory, storeNames.manifest));
    const first = manifest.walRanges[0];
    const last = manifest.walRanges.at(-1);
    if (first === undefined || last === undefined) {
      throw new Error('the backup manifest names no WAL');
    }
    const archives = await describeArchives(directory, compression);
    const record: BaseBackupRecord = {
      format: 1,
      id: backupId(startedAt, last.timeline, first.start),
      systemId: facts.systemId,
      major: facts.major,
      segmentSize: facts.segmentSize,
      timeline: last.timeline,
      startLsn: formatLsn(first.start),
      endLsn: formatLsn(last.end),
      startSegment: segmentAt(first.timeline, first.start, facts.segmentSize),
      endSegment: lastSegmentBefore(last.timeline, last.end, facts.segmentSize),
      startedAt: startedAt.toISOString(),
      finishedAt: options.now().toISOString(),
      compression,
      archives,
      tablespaces: options.tablespaces,
      ...(options.walDirectory === null ? {} : { walDirectory: options.walDirectory }),
      size: manifest.size,
      storedSize: archives.reduce((sum, archive) => sum + archive.storedSize, 0),
      settings: options.settings,
      verified: null,
    };
    await writeBaseBackupRecord(directory, record);
    await rename(directory, baseBackupDirectory(options.root, record));
    await syncDirectory(base);
    return record;
  } catch (error) {
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/** What dead runs left. Only while no base backup is under way. */
export async function removeUnfinishedBaseBackups(root: string, systemId: string): Promise<number> {
  const base = join(root, systemId, storeNames.base);
  const unfinished = (await namesIn(base)).filter((name) => name.startsWith(storeNames.temporaryPrefix));
  for (const name of unfinished) {
    await rm(join(base, name), { recursive: true, force: true });
  }
  return unfinished.length;
}

async function runBaseBackup(directory: string, options: BaseBackupOptions): Promise<void> {
  const methods = compressionMethods(options.compression, options.facts.major, availableParallelism());
  for (const [index, method] of methods.entries()) {
    const failure = await runOnce(directory, method, options);
    if (failure === undefined) {
      return;
    }
    // A server that was built without the method, or without threads, says so before it sends anything.
    const unsupported = /compression is not supported by this build|could not set compression (worker count|flag)/.test(
      failure,
    );
    if (!unsupported || index === methods.length - 1) {
      throw new Error(failure);
    }
    await rm(directory, { recursive: true, force: true });
  }
}

/** The failure in pg_basebackup's words, or undefined. */
async function runOnce(directory: string, method: string, options: BaseBackupOptions): Promise<string | undefined> {
  const child = spawn(
    options.program,
    [
      '--pgdata',
      directory,
      '--format=tar',
      '--checkpoint=fast',
      '--wal-method=stream',
      '--manifest-checksums=SHA256',
      '--label=pgusher',
      '--no-password',
      `--compress=${method}`,
    ],
    {
      env: options.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      signal: options.signal,
      killSignal: 'SIGINT',
    },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    words = (words + chunk).slice(-4000);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : words.trim() || `pg_basebackup ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

/** `-X stream` leaves pg_wal.tar uncompressed but with gzip by the client (manual, pg_basebackup, `--compress`). */
async function compressWal(directory: string, compression: Compression): Promise<void> {
  const plain = join(directory, 'pg_wal.tar');
  if (compression === 'none' || !(await namesIn(directory)).includes('pg_wal.tar')) {
    return;
  }
  await compressFile(plain, join(directory, `pg_wal${extension[compression]}`), compression);
  await rm(plain);
}

async function describeArchives(directory: string, compression: Compression): Promise<BaseBackupArchive[]> {
  const archives: BaseBackupArchive[] = [];
  for (const file of (await readdir(directory)).filter((name) => name.endsWith(extension[compression])).sort()) {
    const path = join(directory, file);
    archives.push({ file, storedSize: (await stat(path)).size, sha256: await sha256Of(path) });
  }
  return archives;
}
