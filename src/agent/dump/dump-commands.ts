import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { readContract } from '../contract-schema.ts';
import { environmentNames, paths } from '../contract.ts';
import type { Print } from '../print.ts';
import type { Environment } from '../server-connection/credentials.ts';
import { storeNames, storeRoot } from '../store/layout.ts';
import { storeOf, withStore } from '../store-options.ts';
import type { StoreOptions } from '../store-options.ts';
import type { DumpClient } from './dump-client.ts';
import type { DumpCompression, DumpFormat } from './dump-plan.ts';

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

/** `dump`, `dumps` and `load`, each with its options; what they do is loaded when they are asked for. */
export function addDumpCommands(program: Command, environment: Environment, print: Print): void {
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
        const { runDumpNow } = await import('./run-dump-now.ts');
        process.exitCode = await runDumpNow(paths.shared, options.database, print);
        return;
      }
      const { runDump } = await import('./run-dump.ts');
      process.exitCode = await runDump(
        {
          client: await dumpClient(options.host, environment),
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
      const { runDumps } = await import('./list-dumps.ts');
      process.exitCode = await runDumps(options.in ?? dumpsOf(options, environment), options.json === true, print);
    });

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
      const { runLoad } = await import('./run-load.ts');
      process.exitCode = await runLoad(
        {
          client: await dumpClient(options.host, environment),
          dump,
          folder: options.in ?? (dump.includes('/') ? null : dumpsOf(options, environment)),
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
}

/** The server of the pod where this is one, with its login; else what libpq's variables name. */
async function dumpClient(host: string | undefined, environment: Environment): Promise<DumpClient> {
  const { environmentClient, podClient } = await import('./dump-client.ts');
  if (host !== undefined || environment[environmentNames.contract] === undefined) {
    return environmentClient(environment, host);
  }
  const contract = readContract(environment[environmentNames.contract]);
  const { stepDown } = await import('../step-down.ts');
  await stepDown(contract.owner, [], []);
  return podClient(contract, environment);
}

function dumpsOf(options: StoreOptions, environment: Environment): string {
  return `${storeRoot(storeOf(options, environment))}/${storeNames.dumps}`;
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
