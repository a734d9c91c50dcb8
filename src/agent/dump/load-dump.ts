import { randomUUID } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { programMajor } from '../backup/program-version.ts';
import { findClientProgram } from '../server-connection/client-program.ts';
import { compressionOf, decompressed } from '../store/coded-bytes.ts';
import { fileBlocks } from '../store/file-blocks.ts';
import { sha256Of } from '../store/file-digest.ts';
import { createDatabase } from './create-database.ts';
import { databaseProperties } from './database-properties.ts';
import type { DumpedFile, DumpManifest } from './dump-manifest.ts';
import { explainFailure } from './explain-failure.ts';
import { isHarmlessRestoreError, planLoad, unknownToOlderServers, withoutRole } from './load-plan.ts';
import type { LoadStep, LoadWish } from './load-plan.ts';
import { contentsOf, readLoadServer, relationsThere } from './load-target.ts';
import type { LoadServer } from './load-target.ts';
import { connectionTo, identifier, openPsql } from './psql-session.ts';
import { runClient } from './run-client.ts';
import { runScript } from './run-script.ts';

export interface Load extends LoadWish {
  readonly environment: Readonly<Record<string, string>>;
  /** Of the dump. */
  readonly folder: string;
  readonly manifest: DumpManifest;
  readonly jobs: number;
  /** False: nothing belongs to whom it belonged, all to who loads. */
  readonly owners: boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Loads a dump, or a part of it, into a server. Everything is looked at before anything is written: the checksums of the files, and that the targets are
 * empty. A database that is not there is made under another name and gets its own when it is whole, so that nobody takes a half for it. One that
 * fails keeps none of the others down.
 * @throws with what went wrong and what is left of it.
 */
export async function loadDump(load: Load): Promise<void> {
  const { manifest, environment } = load;
  const server = await readServer(environment);
  const steps = planLoad(manifest, load, server.databases);
  await refuseOlderClient(manifest);
  for (const step of steps) await refuseTarget(load, step);
  await checkFiles(load, steps);
  if (load.globals) await loadGlobals(load, server);
  const failures: string[] = [];
  for (const step of steps) {
    load.say(`database ${JSON.stringify(step.database.name)} into ${JSON.stringify(step.target)}`);
    try {
      if (step.make) await loadNew(load, step, server);
      else await loadExisting(load, step, server);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      if (load.signal.aborted) break;
    }
  }
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

async function readServer(environment: Readonly<Record<string, string>>): Promise<LoadServer> {
  const failures: string[] = [];
  for (const database of maintenance(environment)) {
    const session = openPsql(environment, database);
    try {
      return await readLoadServer(session);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    } finally {
      await session.close();
    }
  }
  throw new Error(failures[0] ?? 'the server does not answer');
}

/** Where statements about databases are run: postgres may have been dropped. */
function maintenance(environment: Readonly<Record<string, string>>): readonly string[] {
  return [...(environment['PGDATABASE'] === undefined ? [] : [environment['PGDATABASE']]), 'postgres', 'template1'];
}

/** Archives of a newer pg_dump have a form that an older pg_restore may not know. */
async function refuseOlderClient({ client }: DumpManifest): Promise<void> {
  const own = await programMajor(findClientProgram('pg_restore'));
  const made = Number(/(\d+)/.exec(client)?.[1]);
  if (own < made) {
    throw new Error(
      `the dump was made by ${client}, and pg_restore here is of version ${own}; wanted the programs of PostgreSQL ${made} or newer`,
    );
  }
}

async function refuseTarget({ environment, tables }: Load, { target, make }: LoadStep): Promise<void> {
  if (make) return;
  const session = openPsql(environment, target);
  try {
    if (tables.length > 0) {
      const found = await relationsThere(session, tables.map(tableName));
      if (found.length > 0) {
        throw new Error(
          `database ${JSON.stringify(target)} has ${found.join(', ')} already; wanted a target without it: --into NAME of a new database. Nothing was loaded`,
        );
      }
      return;
    }
    const found = await contentsOf(session);
    if (found.length > 0) {
      throw new Error(
        `database ${JSON.stringify(target)} is not empty: it has ${found.join(', ')}${found.length === 5 ? ' …' : ''}; wanted an empty one, or one that is not there: --into NAME, or DROP DATABASE first. Nothing was loaded`,
      );
    }
  } finally {
    await session.close();
  }
}

/** What was stored is what is loaded; what is damaged is said before anything is written. */
async function checkFiles({ folder, manifest, globals }: Load, steps: readonly LoadStep[]): Promise<void> {
  const files: DumpedFile[] = [
    ...(globals && manifest.globals.kind === 'dumped' ? [manifest.globals] : []),
    ...steps.flatMap(({ database }) => database.files),
  ];
  for (const { file, size, sha256 } of files) {
    const path = join(folder, file);
    const found = await stat(path).catch(() => undefined);
    if (found?.size !== size || (await sha256Of(path)) !== sha256) {
      throw new Error(
        `${path} ${found === undefined ? 'is missing' : 'is not what was stored'}; wanted ${size} bytes with SHA-256 ${sha256}. Nothing was loaded`,
      );
    }
  }
}

async function loadGlobals(load: Load, { user }: LoadServer): Promise<void> {
  const { manifest, folder, environment, signal } = load;
  if (manifest.globals.kind === 'failed') return;
  load.say(`roles and tablespaces, but for ${JSON.stringify(user)}, who loads`);
  const text = withoutRole(await readFile(join(folder, manifest.globals.file), 'utf8'), user);
  const [database = 'postgres'] = maintenance(environment);
  const failures = await runScript({ text, database, environment, signal, stopAtError: false });
  // Roles that are there already get what the dump says of them all the same.
  const real = failures.filter((line) => !line.includes('42710: role '));
  if (real.length > 0) {
    throw new Error(`roles and tablespaces are not all loaded: ${explainFailure(real.slice(0, 5).join(' / '))}`);
  }
}

async function loadNew(load: Load, step: LoadStep, server: LoadServer): Promise<void> {
  const { environment, owners } = load;
  const loading = `pgusher_loading_${randomUUID().slice(0, 8)}`;
  await within(environment, createDatabase(loading, step.database, { owner: owners }));
  try {
    await restore(load, step, loading, server);
    load.signal.throwIfAborted();
    await within(environment, `ALTER DATABASE ${identifier(loading)} RENAME TO ${identifier(step.target)}`);
  } catch (error) {
    await within(environment, `DROP DATABASE ${identifier(loading)}`).catch((failure: unknown) => {
      load.say(
        `database ${loading} could not be dropped: ${failure instanceof Error ? failure.message : String(failure)}`,
      );
    });
    throw failed(load, step, error, 'nothing is left of it');
  }
  await applyProperties(load, step);
}

async function loadExisting(load: Load, step: LoadStep, server: LoadServer): Promise<void> {
  try {
    await restore(load, step, step.target, server);
  } catch (error) {
    throw failed(load, step, error, 'a part of it may be in there: DROP DATABASE before you try again');
  }
  await applyProperties(load, step);
}

function failed({ signal }: Load, { database, target }: LoadStep, error: unknown, left: string): Error {
  const reason = signal.aborted ? 'interrupted' : error instanceof Error ? error.message : String(error);
  return new Error(
    `database ${JSON.stringify(database.name)} is not loaded into ${JSON.stringify(target)}: ${explainFailure(reason)}; ${left}`,
    { cause: error },
  );
}

async function restore(load: Load, { database }: LoadStep, into: string, server: LoadServer): Promise<void> {
  const { environment, folder, manifest, jobs, signal, tables, owners } = load;
  const path = join(folder, database.path);
  if (manifest.archives === 'plain') {
    const failures = await loadPlain(path, into, load, server.major);
    if (failures.length > 0) throw new Error(failures.join(' / '));
    return;
  }
  // One run for each table: --schema and --table together are read as all of both.
  const selections = tables.length === 0 ? [[]] : tables.map(tableArguments);
  for (const selection of selections) {
    const args = [
      `--dbname=${connectionTo(into)}`,
      '--no-password',
      ...(jobs > 1 ? [`--jobs=${jobs}`] : []),
      ...(owners ? [] : ['--no-owner', '--no-acl']),
      ...selection,
      path,
    ];
    await pgRestore(args, environment, signal);
  }
  if (tables.length > 0) await requireTables(environment, into, tables);
}

async function pgRestore(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const errors: string[] = [];
  const failure = await runClient({
    program: findClientProgram('pg_restore'),
    args,
    environment,
    signal,
    onLine: (line) => {
      // Not --exit-on-error: an older server knows no transaction_timeout, and that would be the end.
      if (/^pg_restore: error: /.test(line) && !isHarmlessRestoreError(line)) errors.push(line);
      return errors.length > 0;
    },
  });
  if (errors.length > 0) throw new Error(errors.map((line) => line.replace(/^pg_restore: error: /, '')).join(' / '));
  if (failure !== null && !/errors ignored on restore: \d+/.test(failure)) throw new Error(failure);
}

/** pg_restore says nothing about a table that the archive has not. */
async function requireTables(
  environment: Readonly<Record<string, string>>,
  database: string,
  tables: readonly string[],
): Promise<void> {
  const session = openPsql(environment, database);
  try {
    for (const table of tables) {
      if ((await relationsThere(session, [tableName(table)])).length === 0) {
        throw new Error(`the dump has no table ${table}`);
      }
    }
  } finally {
    await session.close();
  }
}

/** `schema.table` or `table`; a dot in a name cannot be told, and is the schema's. */
function tableArguments(table: string): readonly string[] {
  const dot = table.indexOf('.');
  return dot < 0 ? [`--table=${table}`] : [`--schema=${table.slice(0, dot)}`, `--table=${table.slice(dot + 1)}`];
}

function tableName(table: string): string {
  return table.slice(table.indexOf('.') + 1);
}

/** SQL through psql. @returns its errors. */
async function loadPlain(path: string, database: string, load: Load, major: number): Promise<readonly string[]> {
  const file = await open(path, 'r');
  try {
    const text = decompressed(fileBlocks(file), compressionOf(path));
    const blocks = major < 17 ? withoutUnknown(text) : text;
    return await runScript({
      text: blocks,
      database,
      environment: load.environment,
      signal: load.signal,
      stopAtError: true,
    });
  } finally {
    await file.close();
  }
}

async function* withoutUnknown(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true;
  for await (const block of blocks) {
    // It stands in the first lines.
    const at = first ? block.indexOf(unknownToOlderServers) : -1;
    first = false;
    if (at >= 0) block.fill(' ', at, at + unknownToOlderServers.length);
    yield block;
  }
}

/** ALTER DATABASE … SET, its grants, its comment: they stand in the archive by the database's own name. */
async function applyProperties(load: Load, { database, target }: LoadStep): Promise<void> {
  const { manifest, folder, environment, signal, tables } = load;
  if (tables.length > 0) return;
  if (manifest.archives === 'plain' || target !== database.name) {
    load.say(
      `settings of the database itself (ALTER DATABASE … SET, grants on it, its comment) are not loaded${manifest.archives === 'plain' ? ': a plain dump has none' : ' into another name'}`,
    );
    return;
  }
  const text = await databaseProperties(join(folder, database.path), environment, signal);
  const failures = await runScript({ text, database: target, environment, signal, stopAtError: false });
  const real = failures.filter((line) => !isHarmlessRestoreError(line));
  if (real.length > 0) {
    throw new Error(
      `database ${JSON.stringify(target)} is loaded with all its rows, but not its settings: ${explainFailure(real.join(' / '))}`,
    );
  }
}

/** Statements about databases, in another one. */
async function within(environment: Readonly<Record<string, string>>, statement: string): Promise<void> {
  const failures: string[] = [];
  for (const database of maintenance(environment)) {
    const session = openPsql(environment, database);
    try {
      await session.ask(`${statement}; SELECT 1`);
      return;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!/database ".*" does not exist/.test(message)) throw new Error(explainFailure(message), { cause: error });
      failures.push(message);
    } finally {
      await session.close();
    }
  }
  throw new Error(failures[0] ?? 'the server does not answer');
}
