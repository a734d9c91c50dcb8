import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentContract } from '../contract.ts';
import { syncDirectory } from '../store/durable-file.ts';
import { findClientProgram } from '../server-connection/client-program.ts';
import { writePassfile } from '../server-connection/passfile.ts';
import { fsyncTree } from './fsync-tree.ts';
import { RestoreRefused } from './restore-plan.ts';

/** Where a standby finds its primary and how it logs in. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Path that is good in the server's container as well, for the pod's life: primary_conninfo refers to it. */
  readonly passfile: string;
  /** Name of the pod: application_name. */
  readonly pod: string;
  readonly slot: string;
}

/**
 * Reads the replication Secret and writes the passfile, 0600: libpq ignores one that others can read, and the files of a
 * mounted Secret are readable by the group.
 * @throws RestoreRefused where the contract names no primary or no Secret.
 */
export async function prepareUpstream(
  contract: AgentContract,
  pod: string,
  secret: string,
  secrets: string,
): Promise<Upstream> {
  if (contract.primary === null || contract.replication === null) {
    throw new RestoreRefused(
      'this pod is a standby, but no primary or no login is known. Wanted: postgres.io/replication-secret (a Secret with username and password), and postgres.io/primary where the set has no primary of its own',
    );
  }
  const { user, password } = await readReplicationLogin(secret);
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  const passfile = join(secrets, 'replication.passfile');
  await writePassfile(passfile, password);
  const separator = contract.primary.lastIndexOf(':');
  return {
    host: separator === -1 ? contract.primary : contract.primary.slice(0, separator),
    port: separator === -1 ? 5432 : Number(contract.primary.slice(separator + 1)),
    user,
    passfile,
    pod,
    // Names of slots: lower-case letters, digits and underscores (PostgreSQL manual, "Replication Slots").
    slot: `pgusher_${pod.toLowerCase().replace(/[^a-z0-9]/g, '_')}`.slice(0, 63),
  };
}

/** @throws RestoreRefused where the mounted Secret lacks one of the two; system errors as they are. */
export async function readReplicationLogin(
  secret: string,
): Promise<{ readonly user: string; readonly password: string }> {
  const [user, password] = await Promise.all(
    ['username', 'password'].map(async (name) => (await readFile(join(secret, name), 'utf8')).replace(/\n+$/, '')),
  );
  if (user === undefined || user === '' || password === undefined || password === '') {
    throw new RestoreRefused(`the replication Secret lacks username or password; wanted both, not empty`);
  }
  return { user, password };
}

/**
 * Copies the running primary into `directory`, with its WAL and the settings of a standby. Tries again for
 * `patienceMs`: at a first start the primary comes up at the same time.
 * @throws RestoreRefused with pg_basebackup's last words.
 */
export async function copyPrimary(upstream: Upstream, directory: string, patienceMs: number): Promise<void> {
  const program = findClientProgram('pg_basebackup');
  const until = performance.now() + patienceMs;
  for (;;) {
    const failure = await runBaseBackup(program, upstream, directory);
    if (failure === undefined) {
      break;
    }
    if (performance.now() > until) {
      throw new RestoreRefused(
        `the primary ${upstream.host}:${upstream.port} could not be copied: ${failure}. Wanted: a running primary that lets "${upstream.user}" replicate (postgres.io/primary, postgres.io/replication-secret)`,
      );
    }
    await sleep(2_000);
  }
  await followPrimary(upstream, directory);
  await fsyncTree(directory);
  await syncDirectory(join(directory, '..'));
}

/** standby.signal and primary_conninfo, also for a standby that is there already: passfile and primary may have changed. */
export async function followPrimary(upstream: Upstream, dataDirectory: string): Promise<void> {
  const path = join(dataDirectory, 'postgresql.auto.conf');
  const text = await readFile(path, 'utf8');
  const kept = text
    .split('\n')
    .filter((line) => !/^\s*(primary_conninfo|primary_slot_name|recovery_target_timeline)\b/i.test(line))
    .join('\n')
    .replace(/\n*$/, '\n');
  const lines = [
    `primary_conninfo = ${setting(connectionString(upstream))}`,
    `primary_slot_name = ${setting(upstream.slot)}`,
    `recovery_target_timeline = 'latest'`,
  ];
  const wanted = `${kept}${lines.join('\n')}\n`;
  if (wanted !== text) {
    await writeFile(path, wanted, { mode: 0o600 });
  }
  await writeFile(join(dataDirectory, 'standby.signal'), '', { mode: 0o600 });
}

function connectionString(upstream: Upstream): string {
  const values = {
    host: upstream.host,
    port: String(upstream.port),
    user: upstream.user,
    passfile: upstream.passfile,
    application_name: upstream.pod,
  };
  // libpq: quotes and backslashes are escaped by a backslash (PostgreSQL manual, "Connection Strings").
  return Object.entries(values)
    .map(([name, value]) => `${name}='${value.replace(/['\\]/g, '\\$&')}'`)
    .join(' ');
}

function setting(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The last line of its standard error, or undefined where it succeeded. */
async function runBaseBackup(program: string, upstream: Upstream, directory: string): Promise<string | undefined> {
  const slot = await runProgram(program.replace(/pg_basebackup$/, 'pg_receivewal'), upstream, [
    '--create-slot',
    '--if-not-exists',
    '--slot',
    upstream.slot,
  ]);
  return (
    slot ??
    (await runProgram(program, upstream, [
      '--pgdata',
      directory,
      '--wal-method=stream',
      '--checkpoint=fast',
      '--slot',
      upstream.slot,
    ]))
  );
}

async function runProgram(program: string, upstream: Upstream, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, '--no-password'], {
      // No PG… variable of the container may change what it does, and no password stands on a command line.
      env: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        LC_MESSAGES: 'C',
        PGHOST: upstream.host,
        PGPORT: String(upstream.port),
        PGUSER: upstream.user,
        PGPASSFILE: upstream.passfile,
        PGAPPNAME: upstream.pod,
        PGCONNECT_TIMEOUT: '10',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words += chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : (words.trim().split('\n').at(-1) ?? `ended with ${signal ?? String(code)}`));
    });
  });
}
