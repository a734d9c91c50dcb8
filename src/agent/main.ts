import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { nodeProblem } from '../node-version.ts';
import { version } from '../version.ts';
import { readContract } from './contract-schema.ts';
import type { AgentContract } from './contract.ts';
import { environmentNames, paths } from './contract.ts';
import type { Place } from '../store/place.ts';
import type { Log } from './log.ts';
import { createLog } from './log.ts';
import { addDumpCommands } from './dump/dump-commands.ts';
import { target, targetOf } from './restore/restore-options.ts';
import type { RestoreOptions } from './restore/restore-options.ts';
import { setCommands } from './set-commands.ts';
import type { SetCommandEdges } from './set-commands.ts';
import { namedStore, storeOf, withStore } from './store-options.ts';
import type { StoreOptions } from './store-options.ts';
import { storeRoot } from './store/layout.ts';
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
    const from = storePlace(namedStore(options, environment));
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
          root: storeRoot(storeOf(options, environment)),
          backup: id ?? null,
          scratch: options.start === true ? (options.scratch ?? temporaryDirectory()) : null,
          user: options.user,
        },
        print,
      );
    },
  );

addDumpCommands(program, environment, print);

try {
  await program.parseAsync();
} catch (error) {
  print.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
// A handle that a library leaves open must not keep a finished init container running.
process.exit();

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
  const store = namedStore(options, environment);
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

/** @throws in a pod: its TMPDIR is part of the shared volume, and a database that fills it takes the probes and hooks with it. */
function temporaryDirectory(): string {
  if (environment[environmentNames.contract] !== undefined) {
    throw new Error(
      'verify --start restores the whole database; wanted --scratch DIRECTORY with room for it: in a pod the temporary directory is a little memory that its containers share',
    );
  }
  return tmpdir();
}

function onlyNow(value: string): 'now' {
  if (value !== 'now') {
    throw new InvalidArgumentError('wanted "now", or nothing');
  }
  return value;
}
