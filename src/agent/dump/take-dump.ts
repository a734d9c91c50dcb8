import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isThere } from '../store/is-there.ts';
import { pause } from '../backup/pause.ts';
import { programMajor } from '../backup/program-version.ts';
import { findClientProgram } from '../server-connection/client-program.ts';
import { syncDirectory } from '../store/durable-file.ts';
import { sha256Of } from '../store/file-digest.ts';
import { storeNames } from '../store/layout.ts';
import { writeDumpManifest } from './dump-manifest.ts';
import type { DumpedFile, DumpManifest } from './dump-manifest.ts';
import { compressionOf, pgDumpArguments, planArchives } from './dump-plan.ts';
import type { DumpCompression, DumpFormat, PlannedArchive } from './dump-plan.ts';
import { explainFailure } from './explain-failure.ts';
import { openPsql } from './psql-session.ts';
import { runClient } from './run-client.ts';
import { chooseDatabases, readServerDatabases, refuseOlderClient } from './server-databases.ts';
import type { DumpedServer, ServerDatabase } from './server-databases.ts';
import { holdSnapshots } from './shared-snapshot.ts';
import type { HeldSnapshot } from './shared-snapshot.ts';
import { dumpIdOf } from './stored-dumps.ts';

export interface DumpWish {
  readonly environment: Readonly<Record<string, string>>;
  /** Folder that dumps lie in; made where it is missing. */
  readonly folder: string;
  /** Names; empty: all that take connections and are no templates. */
  readonly databases: readonly string[];
  readonly format: DumpFormat;
  readonly compression: DumpCompression;
  readonly jobs: number;
  readonly rolePasswords: boolean;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** What is done next, a line each. */
  readonly say: (line: string) => void;
}

/** How often the folder of a dump that is being made is touched, and after how long one that is not is what a dead run left. */
const touchEveryMs = 60_000;
const deadAfterMs = 900_000;

/**
 * Dumps each database and the roles. A database that fails leaves those of the others; where nothing could be dumped, nothing is left. DUMP.json comes last,
 * then the folder gets its name: what is cut off before has a name that begins with `.tmp-`.
 * @throws before anything is dumped where the server does not answer or the programs are older than it is; and where every database failed.
 */
export async function takeDump(wish: DumpWish): Promise<DumpManifest> {
  const program = findClientProgram('pg_dump');
  const clientMajor = await programMajor(program);
  const server = await readServer(wish.environment);
  refuseOlderClient(server, clientMajor);
  const { dumped, leftOut } = chooseDatabases(server, wish.databases);
  const compression = compressionOf(wish.compression, clientMajor);
  const startedAt = wish.now();
  await mkdir(wish.folder, { recursive: true, mode: 0o700 });
  await removeDeadDumps(wish.folder, startedAt);
  const folder = join(wish.folder, `${storeNames.temporaryPrefix}${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  const touching = setInterval(() => {
    const now = new Date();
    void utimes(folder, now, now).catch(() => undefined);
  }, touchEveryMs);
  try {
    const work: Work = { ...wish, folder, program, clientMajor, compression, serverMajor: server.major };
    const globals = await dumpGlobals(work);
    const names = dumped.map(({ name }) => name);
    const snapshots = await holdSnapshots(wish.environment, names, server);
    const databases: DumpManifest['databases'] = [];
    const planned = planArchives(names, wish.format, compression);
    try {
      for (const [index, archive] of planned.entries()) {
        const database = dumped[index];
        if (database === undefined) continue;
        databases.push(await dumpDatabase(work, archive, database, snapshots.of.get(archive.database)));
        await snapshots.release(archive.database);
        wish.signal.throwIfAborted();
      }
    } finally {
      await snapshots.close();
    }
    const failed = databases.flatMap((one) =>
      one.kind === 'failed' ? [`${JSON.stringify(one.name)}: ${one.reason}`] : [],
    );
    if (failed.length === databases.length) {
      throw new Error(
        failed.length === 0 ? 'there is no database to dump' : `no database could be dumped: ${failed.join('; ')}`,
      );
    }
    const manifest: DumpManifest = {
      format: 1,
      id: await freeId(wish.folder, startedAt),
      startedAt: startedAt.toISOString(),
      finishedAt: wish.now().toISOString(),
      server: { version: server.version, major: server.major, systemId: server.systemId },
      client: `pg_dump ${clientMajor}`,
      archives: wish.format,
      compression,
      snapshot: {
        shared: snapshots.shared,
        reason: snapshots.reason,
        of: Object.fromEntries([...snapshots.of].map(([name, { text, lsn, at }]) => [name, { text, lsn, at }])),
      },
      globals,
      databases,
      leftOut: [...leftOut],
    };
    await writeDumpManifest(folder, manifest);
    wish.signal.throwIfAborted();
    await rename(folder, join(wish.folder, manifest.id));
    await syncDirectory(wish.folder);
    return manifest;
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw wish.signal.aborted ? new Error('interrupted; nothing was stored', { cause: error }) : error;
  } finally {
    clearInterval(touching);
  }
}

async function readServer(environment: Readonly<Record<string, string>>): Promise<DumpedServer> {
  const failures: string[] = [];
  // postgres may have been dropped; a name that is given counts first.
  for (const database of environment['PGDATABASE'] === undefined ? ['postgres', 'template1'] : [undefined]) {
    const session = openPsql(environment, database);
    try {
      return await readServerDatabases(session);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    } finally {
      await session.close();
    }
  }
  throw new Error(failures[0] ?? 'the server does not answer');
}

interface Work extends DumpWish {
  readonly program: string;
  readonly clientMajor: number;
  readonly serverMajor: number;
}

async function dumpGlobals(work: Work): Promise<DumpManifest['globals']> {
  work.say('roles and tablespaces');
  const file = 'globals.sql';
  const path = join(work.folder, file);
  const failure = await runClient({
    program: findClientProgram('pg_dumpall'),
    args: [
      '--globals-only',
      '--no-password',
      `--file=${path}`,
      ...(work.rolePasswords ? [] : ['--no-role-passwords']),
      '--lock-wait-timeout=600000',
    ],
    environment: work.environment,
    signal: work.signal,
  });
  if (failure !== null) {
    await rm(path, { force: true });
    return { kind: 'failed', reason: explainFailure(failure) };
  }
  return { kind: 'dumped', rolePasswords: work.rolePasswords, ...(await describe(work.folder, path)) };
}

async function dumpDatabase(
  work: Work,
  { database: name, path }: PlannedArchive,
  { owner, encoding, size, row }: ServerDatabase,
  snapshot: HeldSnapshot | undefined,
): Promise<DumpManifest['databases'][number]> {
  work.say(`database ${JSON.stringify(name)}`);
  const startedAt = work.now().toISOString();
  const target = join(work.folder, path);
  const failure = await runClient({
    program: work.program,
    args: pgDumpArguments({ ...work, file: target, snapshot: snapshot?.id ?? null }),
    environment: { ...work.environment, PGDATABASE: name },
    signal: work.signal,
  });
  const about = { name, owner, encoding, size, row: { ...row }, startedAt, finishedAt: work.now().toISOString() };
  if (failure !== null) {
    await rm(target, { recursive: true, force: true });
    const gone = await isGone(work, name, failure);
    return {
      ...about,
      kind: 'failed',
      reason: gone ? `it was dropped or renamed while it was dumped (${failure})` : explainFailure(failure),
    };
  }
  const files: DumpedFile[] = [];
  for (const file of (await filesBelow(target)).sort()) files.push(await describe(work.folder, file));
  return { ...about, kind: 'dumped', path, files };
}

/**
 * pg_dump itself only sees its connection end, and the database is there for a moment more. False where that is not what happened, or the server does not
 * answer: nobody knows then.
 */
async function isGone({ environment, signal }: Work, name: string, words: string): Promise<boolean> {
  if (!/terminating connection|closed the connection|does not exist/.test(words)) return false;
  for (let tried = 0; tried < 10 && !signal.aborted; tried += 1) {
    const server = await readServer(environment).catch(() => null);
    if (server === null) return false;
    if (!server.databases.some((database) => database.name === name)) return true;
    await pause(500, signal);
  }
  return false;
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  return (await readdir(path)).map((name) => join(path, name));
}

async function describe(folder: string, path: string): Promise<DumpedFile> {
  // pg_dump leaves it to the umask who may read what it wrote.
  await chmod(path, 0o600);
  return { file: relative(folder, path), size: (await stat(path)).size, sha256: await sha256Of(path) };
}

/** Two in one second would have the same. */
async function freeId(folder: string, startedAt: Date): Promise<string> {
  const id = dumpIdOf(startedAt);
  let candidate = id;
  for (let number = 2; ; number += 1) {
    if (!(await isThere(join(folder, candidate)))) return candidate;
    candidate = `${id}-${number}`;
  }
}

/** What dead runs left. One that is being made is touched every minute, also by another machine. */
export async function removeDeadDumps(folder: string, now: Date): Promise<void> {
  for (const name of (await readdir(folder)).filter((one) => one.startsWith(storeNames.temporaryPrefix))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Math.abs(now.getTime() - found.mtimeMs) > deadAfterMs) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
