import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { nodeProblem } from '../node-version.ts';
import { isStoreAddress } from '../store/object/store-address.ts';
import { version } from '../version.ts';
import { readContract } from './contract-schema.ts';
import type { AgentContract, RestoreTargetContract, StoreContract } from './contract.ts';
import { environmentNames, paths } from './contract.ts';
import type { Place } from '../store/place.ts';
import type { Log } from './log.ts';
import { createLog } from './log.ts';
import type { DumpClient } from './dump/dump-client.ts';
import type { DumpCompression, DumpFormat } from './dump/dump-plan.ts';
import { setCommands } from './set-commands.ts';
import type { SetCommandEdges } from './set-commands.ts';
import { storeNames, storeRoot } from './store/layout.ts';
import { storePlace } from './store/store-place.ts';
import type { Credentials, Environment } from './server-connection/credentials.ts';
import type { ServerAddress } from './server-connection/server-address.ts';
import { writeTerminationMessage } from './termination-message.ts';

/**
 * `pgusher-agent`: command line and environment to commands, and the only place of the agent that ends the process. Each
 * command loads its own modules: every start of a pod waits for `restore`, and a quarter of its time was for what it does not use.
 */

const environment = process.env;

/** As long as the kubelet puts off a container that ends again and again: each new try of pgusher-backup falls into a wait. */
const lockPatienceMs = 300_000;

const print = {
  out: (line: string) => writeSync(1, `${line}\n`),
  error: (line: string) => writeSync(2, `${line}\n`),
  /** Drawn over the last one, and cleared to the end of the line. */
  bar: (text: string) => writeSync(1, `\r${text}\u001B[K`),
};

const problem = nodeProblem(process.versions.node);
if (problem !== undefined) {
  print.error(problem);
  process.exit(1);
}

interface StoreOptions {
  readonly store?: string;
  readonly prefix?: string;
}

interface RestoreOptions extends StoreOptions {
  readonly to?: string;
  readonly backup: string;
  readonly targetTime?: string;
  readonly targetLsn?: string;
  readonly targetXid?: string;
  readonly targetName?: string;
  readonly targetImmediate?: boolean;
  readonly exclusive?: boolean;
}

const program = new Command('pgusher-agent')
  .description('Backup and restore of one PostgreSQL server; runs in the pods that pgusher injects, and by hand.')
  .version(version)
  .showHelpAfterError();

withStore(program.command('restore'))
  .description('in a pod: decide how the server starts, and restore where that is due; by hand, with --to: restore')
  .option('--to <directory>', 'restore into this directory; it must be empty or not exist')
  .option('--backup <id>', 'base backup to restore', 'latest')
  .addOption(target('--target-time <time>', 'up to this time, with a zone: 2026-11-21T06:41:00Z'))
  .addOption(target('--target-lsn <lsn>', 'up to this position: 16/B374D848'))
  .addOption(target('--target-xid <xid>', 'up to this transaction'))
  .addOption(target('--target-name <name>', 'up to this restore point'))
  .addOption(target('--target-immediate', 'only as far as the base backup itself needs'))
  .option('--exclusive', 'stop before the target, not behind it')
  .action(async (options: RestoreOptions) => {
    process.exitCode = options.to === undefined ? await inPod(restore) : await restoreTo(options.to, options);
  });

program
  .command('backup')
  .description('receive WAL and take base backups until SIGTERM or SIGINT; "now": one base backup at once')
  .argument('[when]', 'now', onlyNow)
  .action(async (when: 'now' | undefined) => {
    process.exitCode = when === 'now' ? await backupNow() : await inPod(backup);
  });

for (const setCommand of setCommands) {
  const { name, args, description, flags } = setCommand;
  const command = program.command(`${name} ${args}`.trim()).description(description);
  for (const flag of flags) {
    command.option(flag.name, flag.description);
  }
  command.action(async () => {
    const given = command.opts<Record<string, boolean | undefined>>();
    await inSetCommand(async (contract, edges) => {
      const { out, note } = await setCommand.run(contract, edges, {
        args: command.args,
        flags: flags.filter((flag) => given[flag.name.slice(2)] === true).map((flag) => flag.name),
      });
      if (out !== undefined) print.out(JSON.stringify(out));
      if (note !== undefined) print.error(note);
    });
  });
}

program
  .command('session')
  .description(
    'several of these commands in one process, for `pgusher promote`: a line of JSON each, ["position"], on standard input',
  )
  .action(async () => {
    const { runSession } = await import('./session.ts');
    await inSetCommand(async (contract, edges) => {
      await runSession(process.stdin, { contract, edges }, print.out);
    });
  });

program
  .command('read-tables')
  .description('read every table of every database of the server beside this agent; one line of JSON')
  .action(async () => {
    await inSetCommand(async (contract) => {
      const { readTables } = await import('./drill/read-tables.ts');
      const [address, credentials] = await besideThis(contract);
      print.out(JSON.stringify(await readTables(address, credentials, contract.dataDirectory)));
    });
  });

program
  .command('count-rows')
  .description('count the rows of tables of the server beside this agent; one line of JSON')
  .argument('<tables...>', 'table, schema.table or database.schema.table')
  .action(async (tables: readonly string[]) => {
    await inSetCommand(async (contract) => {
      const { countRows } = await import('./drill/count-rows.ts');
      const [address, credentials] = await besideThis(contract);
      print.out(JSON.stringify(await countRows(address, credentials, tables)));
    });
  });

program
  .command('health')
  .description(
    'whether the database of this pod is protected and its base backups are on schedule; exit code 0, or 1 and why',
  )
  .action(async () => {
    const { runHealth } = await import('./http/run-health.ts');
    process.exitCode = await runHealth(readContract(environment[environmentNames.contract]).agentPort, print);
  });

withStore(program.command('list'))
  .description('the base backups of a store and what can be recovered')
  .option('--json', 'as JSON')
  .action(async (options: StoreOptions & { readonly json?: boolean }) => {
    const { runList } = await import('./list/run-list.ts');
    const from = storePlace(namedStore(options));
    process.exitCode = await runList({ from, environment, json: options.json === true, now: new Date() }, print);
  });

withStore(program.command('verify'))
  .description('check base backups against their manifests, and the WAL behind them for holes')
  .argument('[id]', 'one base backup; all without')
  .option('--start', 'also restore it into a scratch directory, start a server and read every table')
  .option('--scratch <directory>', 'where --start restores to; by hand the temporary directory, in a pod there is none')
  .option('--user <name>', 'a superuser of the database, for --start', 'postgres')
  .action(
    async (
      id: string | undefined,
      options: StoreOptions & { readonly start?: boolean; readonly scratch?: string; readonly user: string },
    ) => {
      const { runVerify } = await import('./verify/run-verify.ts');
      process.exitCode = await runVerify(
        {
          root: storeRoot(storeOf(options)),
          backup: id ?? null,
          scratch: options.start === true ? (options.scratch ?? temporaryDirectory()) : null,
          user: options.user,
        },
        print,
      );
    },
  );

interface DumpOptions {
  readonly to?: string;
  readonly host?: string;
  readonly database: readonly string[];
  readonly format: DumpFormat;
  readonly compression: DumpCompression;
  readonly jobs: number;
  readonly rolePasswords: boolean;
  readonly keep?: number;
}

program
  .command('dump')
  .description(
    'dump each database and the roles; in a pod by the running agent, into the store; with --to into a directory, of the server of the pod or of any that PGHOST, PGPORT, PGUSER, PGPASSWORD … name',
  )
  .option('--database <name...>', 'these only; all that take connections and are no templates without', [])
  .option('--to <directory>', 'make a folder of the dump in this directory')
  .option('--host <host>', 'in a pod, with --to: another server than its own, with PGPORT, PGUSER, PGPASSWORD …')
  .addOption(
    new Option('--format <format>', 'with --to').choices(['directory', 'custom', 'plain']).default('directory'),
  )
  .addOption(new Option('--compression <method>', 'with --to').choices(['zstd', 'gzip', 'none']).default('zstd'))
  .option('--jobs <count>', 'with --to: tables of one database at once', wholeNumber, 2)
  .option('--no-role-passwords', 'with --to: roles without their passwords, for who is no superuser')
  .option('--keep <count>', 'with --to: dumps kept in the directory; all without', wholeNumber)
  .action(async (options: DumpOptions) => {
    if (options.to === undefined) {
      const { runDumpNow } = await import('./dump/run-dump-now.ts');
      process.exitCode = await runDumpNow(paths.shared, options.database, print);
      return;
    }
    const { runDump } = await import('./dump/run-dump.ts');
    process.exitCode = await runDump(
      {
        client: await dumpClient(options.host),
        to: options.to,
        databases: options.database,
        format: options.format,
        compression: options.compression,
        jobs: options.jobs,
        rolePasswords: options.rolePasswords,
        keep: options.keep ?? null,
        signal: interrupted(),
      },
      print,
    );
  });

withStore(program.command('dumps'))
  .description('the dumps of a store, or of a directory')
  .option('--in <directory>', 'where `dump --to` put them')
  .option('--json', 'as JSON: DUMP.json of each')
  .action(async (options: StoreOptions & { readonly in?: string; readonly json?: boolean }) => {
    const { runDumps } = await import('./dump/list-dumps.ts');
    process.exitCode = await runDumps(options.in ?? dumpsOf(options), options.json === true, print);
  });

interface LoadOptions extends StoreOptions {
  readonly in?: string;
  readonly host?: string;
  readonly database?: string;
  readonly table: readonly string[];
  readonly into?: string;
  readonly globals?: boolean;
  readonly owner: boolean;
  readonly jobs: number;
}

withStore(program.command('load'))
  .description(
    'load a dump, or one database or table of it, into the server of the pod, or into any that PGHOST, PGPORT, PGUSER, PGPASSWORD … name; a target that is not empty is refused',
  )
  .argument('<dump>', 'latest or an id as `dumps` prints it; or the folder of a dump, with a slash')
  .option('--in <directory>', 'where `dump --to` put it')
  .option('--host <host>', 'in a pod: another server than its own, with PGPORT, PGUSER, PGPASSWORD …')
  .option('--database <name>', 'this one only')
  .option('--table <name...>', 'definition and rows of these tables only: table or schema.table', [])
  .option('--into <name>', 'a database of another name; it is made where it is not there')
  .option('--globals', 'roles and tablespaces first; the login that loads stays as it is')
  .option('--no-owner', 'all belongs to who loads, and nobody is granted anything')
  .option('--jobs <count>', 'tables at once', wholeNumber, 2)
  .action(async (dump: string, options: LoadOptions) => {
    const { runLoad } = await import('./dump/run-load.ts');
    process.exitCode = await runLoad(
      {
        client: await dumpClient(options.host),
        dump,
        folder: options.in ?? (dump.includes('/') ? null : dumpsOf(options)),
        database: options.database ?? null,
        tables: options.table,
        into: options.into ?? null,
        globals: options.globals === true,
        owners: options.owner,
        jobs: options.jobs,
        signal: interrupted(),
      },
      print,
    );
  });

try {
  await program.parseAsync();
} catch (error) {
  print.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
// A handle that a library leaves open must not keep a finished init container running.
process.exit();

/** The server of the pod where this is one, with its login; else what libpq's variables name. */
async function dumpClient(host: string | undefined): Promise<DumpClient> {
  const { environmentClient, podClient } = await import('./dump/dump-client.ts');
  if (host !== undefined || environment[environmentNames.contract] === undefined) {
    return environmentClient(environment, host);
  }
  const contract = readContract(environment[environmentNames.contract]);
  const { stepDown } = await import('./step-down.ts');
  await stepDown(contract.owner, [], []);
  return podClient(contract, environment);
}

function dumpsOf(options: StoreOptions): string {
  return `${storeRoot(storeOf(options))}/${storeNames.dumps}`;
}

/** Ctrl-C once: what is under way is ended in order, and what it left is removed; twice: at once. */
function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
    });
  }
  return stop.signal;
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError('wanted a whole number from 1 on');
  return Number(value);
}

/** The server of this pod, and the login to it. */
async function besideThis({ serverPort }: AgentContract): Promise<readonly [ServerAddress, Credentials]> {
  const { readCredentials } = await import('./server-connection/credentials.ts');
  return [{ host: '127.0.0.1', port: serverPort }, await readCredentials(environment)];
}

/** Of a person, in a pod. */
async function inSetCommand(work: (contract: AgentContract, edges: SetCommandEdges) => Promise<void>): Promise<void> {
  const pod = environment[environmentNames.pod] ?? '';
  const contract = readContract(environment[environmentNames.contract]);
  // As the agent itself: what it writes must be the server's.
  const { stepDown } = await import('./step-down.ts');
  await stepDown(contract.owner, [], []);
  const { shared, liveSettings, replicationSecret } = paths;
  await work(contract, { environment, shared, liveSettings, replicationSecret, pod });
}

/** Of a container: what ends it is the last line of its log, and its message in `kubectl describe pod`. */
async function inPod(command: (contract: AgentContract, log: Log) => Promise<string | undefined>): Promise<number> {
  const log = createLog('info');
  const reason = await Promise.resolve()
    .then(() => command(readContract(environment[environmentNames.contract]), log))
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  return reason === undefined ? 0 : endBecause(reason, log);
}

async function endBecause(reason: string, log: Log): Promise<1> {
  print.error(reason);
  await writeTerminationMessage(paths.terminationMessage, reason).catch((failure: unknown) => {
    log.warn({ err: failure }, 'no termination message could be left');
  });
  return 1;
}

/** @returns undefined where the server may start. @throws with the reason why not. */
async function restore(contract: AgentContract, log: Log): Promise<undefined> {
  // Process 1 of a container is sent no signal that it has not asked for. Every step is safe to end.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => process.exit(1));
  }
  const [{ lockedVolume }, { runRestore }] = await Promise.all([
    import('./restore/locked-volume.ts'),
    import('./restore/run-restore.ts'),
  ]);
  const lock = await lockedVolume(paths.shared, lockPatienceMs, log);
  void lock.lost.then(async (reason) => process.exit(await endBecause(reason, log)));
  await runRestore(contract, {
    pod: environment[environmentNames.pod] ?? '',
    shared: paths.shared,
    replicationSecret: paths.replicationSecret,
    liveSettings: paths.liveSettings,
    mustBeMount: true,
    openPlace,
    environment,
    offsitePatienceMs: 120_000,
    primaryPatienceMs: 600_000,
    log,
  });
}

/** Loaded only where an off-site copy is asked for. */
async function openPlace(address: string, credentials: Environment): Promise<Place> {
  const object = await import('../store/object/open-place.ts');
  return object.openPlace(address, credentials);
}

async function restoreTo(directory: string, options: RestoreOptions): Promise<number> {
  const wanted = { directory, backup: options.backup, target: targetOf(options), terminal: process.stdout.isTTY };
  const store = namedStore(options);
  const from = storePlace(store);
  if ('root' in from) {
    const { runRestoreTo } = await import('./restore/restore-to.ts');
    return runRestoreTo({ ...wanted, store }, print);
  }
  const { restoreFromBucket } = await import('./restore/restore-from-bucket.ts');
  const open = (): Promise<Place> => openPlace(from.address, environment);
  return restoreFromBucket({ ...wanted, prefix: from.prefix, open, patienceMs: 120_000 }, print);
}

async function backupNow(): Promise<number> {
  const { runBackupNow } = await import('./backup/run-backup-now.ts');
  return runBackupNow(paths.shared, print);
}

/** @returns undefined where it was stopped in order, else the reason. */
async function backup(contract: AgentContract, log: Log): Promise<string | undefined> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) {
        process.exit(1);
      }
      stop.abort();
    });
  }
  const { runBackup } = await import('./backup/run-backup.ts');
  const end = await runBackup(contract, {
    environment,
    shared: paths.shared,
    liveSettings: paths.liveSettings,
    replicationSecret: paths.replicationSecret,
    rolePasswords: paths.rolePasswords,
    openPlace,
    listen: null,
    storeMustBeMount: true,
    retrySeconds: 5,
    log,
    now: () => new Date(),
    stop: stop.signal,
    alongside: [(signal) => serveWal(contract, log, signal)],
  });
  return end.kind === 'refused' ? end.reason : undefined;
}

/** Until `signal`. What keeps it from starting (a volume that is full) keeps nothing else down. */
async function serveWal(contract: AgentContract, log: Log, signal: AbortSignal): Promise<void> {
  const { startWalService } = await import('./wal-service/wal-service.ts');
  const { standAside } = await import('./standby/overtaken.ts');
  const { walOfStandby } = await import('./standby/archive-now.ts');
  while (!signal.aborted) {
    try {
      const service = await startWalService({
        contract,
        shared: paths.shared,
        mustBeMount: true,
        log,
        overtaken: () => standAside(contract, environment[environmentNames.pod] ?? '', paths, log),
        standby: () => walOfStandby(contract, paths),
      });
      await aborted(signal);
      await service.stop();
    } catch (error) {
      log.error({ err: error }, 'restore_command cannot be served; trying again');
      await sleep(5_000, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}

function withStore(command: Command): Command {
  return command
    .option(
      '--store <directory>',
      "where the store is mounted; for list and restore --to also s3://bucket[/prefix], gs://bucket[/prefix] or azblob://account/container[/prefix]; in a pod, the pod's",
    )
    .option('--prefix <folder>', 'folder of the set in it: <namespace>/<name>');
}

/** A directory. @throws where there is none, or an address: only `list` reads the objects of a bucket where they are. */
function storeOf(options: StoreOptions): StoreContract {
  const store = namedStore(options);
  if (isStoreAddress(store.mount)) {
    throw new Error(
      `--store is ${JSON.stringify(store.mount)}; wanted a directory: copy ${store.prefix} of the bucket there first (list and restore --to read a bucket)`,
    );
  }
  return store;
}

/** @throws where neither the command line nor the pod's contract names a store. */
function namedStore(options: StoreOptions): StoreContract {
  if (options.store !== undefined && options.prefix !== undefined) {
    return { mount: options.store, prefix: options.prefix };
  }
  const contract = environment[environmentNames.contract];
  const own = contract === undefined ? null : restoredFrom(readContract(contract));
  if (own === null) {
    throw new Error('no store is named; wanted --store and --prefix');
  }
  return { mount: options.store ?? own.mount, prefix: options.prefix ?? own.prefix };
}

/** A spool holds what was not sent yet: the backups are in the bucket. */
function restoredFrom({ store, offsite, namespace, set }: AgentContract): StoreContract | null {
  return offsite?.spool === undefined ? store : { mount: offsite.address, prefix: `${namespace}/${set}` };
}

/** @throws in a pod: its TMPDIR is part of the shared volume, and a database that fills it takes the probes and hooks with it. */
function temporaryDirectory(): string {
  if (environment[environmentNames.contract] !== undefined) {
    throw new Error(
      'verify --start restores the whole database; wanted --scratch DIRECTORY with room for it: in a pod the temporary directory is a little memory that its containers share',
    );
  }
  return tmpdir();
}

function target(flags: string, description: string): Option {
  const all = ['targetTime', 'targetLsn', 'targetXid', 'targetName', 'targetImmediate'];
  const option = new Option(flags, description);
  return option.conflicts(all.filter((name) => name !== option.attributeName()));
}

function targetOf(options: RestoreOptions): RestoreTargetContract | null {
  const inclusive = options.exclusive !== true;
  if (options.targetImmediate === true) {
    return { kind: 'immediate', value: '', inclusive };
  }
  for (const [kind, value] of [
    ['time', options.targetTime],
    ['lsn', options.targetLsn],
    ['xid', options.targetXid],
    ['name', options.targetName],
  ] as const) {
    if (value !== undefined) {
      return { kind, value, inclusive };
    }
  }
  return null;
}

function onlyNow(value: string): 'now' {
  if (value !== 'now') {
    throw new InvalidArgumentError('wanted "now", or nothing');
  }
  return value;
}
