import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentContract } from '../contract.ts';
import { scriptNames } from '../contract.ts';
import { ownFolder } from '../decision/data-volume-paths.ts';
import type { Log } from '../log.ts';
import { syncDirectory } from '../store/durable-file.ts';
import { findClientProgram } from '../server-connection/client-program.ts';
import { writePassfile } from '../server-connection/passfile.ts';
import { fsyncTree } from './fsync-tree.ts';
import { RestoreRefused } from './restore-plan.ts';
import { parseAddress } from './set-pods.ts';
import { readReplicationLogin } from './replication-login.ts';
import { makeStandbySlot, remakeStandbySlot } from './standby-slot.ts';

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
 * @param primary `host:port`
 * @throws RestoreRefused where no primary is known, or no Secret.
 */
export async function prepareUpstream(
  contract: Pick<AgentContract, 'replication'>,
  primary: string | null,
  pod: string,
  secret: string,
  shared: string,
): Promise<Upstream> {
  if (primary === null || contract.replication === null) {
    throw new RestoreRefused(
      'this pod is a standby, but no primary or no login is known. Wanted: postgres.io/replication-secret (a Secret with username and password), and postgres.io/primary where the set has no primary of its own',
    );
  }
  const { user, password } = await readReplicationLogin(secret);
  const passfile = replicationPassfile(shared);
  await mkdir(dirname(passfile), { recursive: true, mode: 0o700 });
  await writePassfile(passfile, password);
  return { ...parseAddress(primary), user, passfile, pod, slot: standbySlotName(pod) };
}

/** Kept by pgusher-backup while the server runs, so that a rotated Secret is followed. */
export function replicationPassfile(shared: string): string {
  return join(shared, 'secrets', 'replication.passfile');
}

/** Names of slots: lower-case letters, digits and underscores (PostgreSQL manual, "Replication Slots"). */
export function standbySlotName(pod: string): string {
  return `pgusher_${pod.toLowerCase().replace(/[^a-z0-9]/g, '_')}`.slice(0, 63);
}

/** Tried again it would fill the volume again. */
export class NoRoomForCopy extends RestoreRefused {}

/**
 * Copies the running primary into `directory`, with its WAL and the settings of a standby. Tries again for
 * `patienceMs`: at a first start the primary comes up at the same time.
 * @throws RestoreRefused with pg_basebackup's last words; NoRoomForCopy at once.
 */
export async function copyPrimary(
  upstream: Upstream,
  password: string,
  directory: string,
  patienceMs: number,
): Promise<void> {
  const program = findClientProgram('pg_basebackup');
  const until = performance.now() + patienceMs;
  for (;;) {
    const failure = await runBaseBackup(program, upstream, password, directory);
    if (failure === undefined) {
      break;
    }
    if (/No space left on device|disk quota exceeded/i.test(failure)) {
      throw new NoRoomForCopy(
        `the primary ${upstream.host}:${upstream.port} could not be copied: ${failure}. Wanted: a data volume with room for it`,
      );
    }
    if (performance.now() > until) {
      throw new RestoreRefused(
        `the primary ${upstream.host}:${upstream.port} could not be copied: ${failure}. Wanted: a running primary that lets "${upstream.user}" replicate (postgres.io/primary, postgres.io/replication-secret)${failure.includes('pg_hba.conf') ? ' from the address of this pod: postgres.io/replication-network of the primary is a list of networks, "all" by default' : ''}`,
      );
    }
    await sleep(2_000);
  }
  await finishCopy(upstream, directory);
}

/** What was copied becomes a standby's, and is on disk. */
export async function finishCopy(upstream: Upstream, directory: string): Promise<void> {
  // A primary whose PGDATA is the root of its volume has our folder in it: what lies there is that pod's.
  await rm(join(directory, ownFolder), { recursive: true, force: true });
  await forgetRecovery(directory);
  await followPrimary(upstream, directory, true);
  await fsyncTree(directory);
  await syncDirectory(join(directory, '..'));
}

/**
 * A primary that was restored has the settings of that recovery still, and a copy has them too: at the target the copy would end its recovery by itself,
 * and each time that it looks for WAL, also when it is promoted, it would ask a store that may have nothing yet.
 */
export async function forgetRecovery(dataDirectory: string): Promise<void> {
  const path = join(dataDirectory, 'postgresql.auto.conf');
  const text = await readFile(path, 'utf8');
  const kept = text
    .split('\n')
    .filter((line) => !/^\s*(restore_command|recovery_target\w*)\b/i.test(line))
    .join('\n');
  if (kept !== text) {
    await writeFile(path, kept, { mode: 0o600 });
  }
}

/** What brings WAL that the primary has recycled. */
export interface StandbyArchive {
  /** Value of restore_command of a standby. */
  readonly command: string;
  /** False: only where a restore has left one, which would end the server of a standby whose store is away. */
  readonly wanted: boolean;
}

/**
 * standby.signal and primary_conninfo, also for a standby that is there already: passfile and primary may have changed. Its slot is
 * named only where it is there: one that is missing keeps a standby from ever streaming, none only costs the promise that WAL is kept.
 */
export async function followPrimary(
  upstream: Upstream,
  dataDirectory: string,
  hasSlot: boolean,
  archive: StandbyArchive | null = null,
): Promise<void> {
  await writeStandbySettings(dataDirectory, archive, [
    `primary_conninfo = ${setting(connectionString(upstream))}`,
    ...(hasSlot ? [`primary_slot_name = ${setting(upstream.slot)}`] : []),
  ]);
}

/** standby.signal, and no server to follow: all WAL comes by `restoreCommand`, along the newest timeline of the store that it asks. */
export async function followArchive(dataDirectory: string, restoreCommand: string): Promise<void> {
  await writeStandbySettings(dataDirectory, { command: restoreCommand, wanted: true }, []);
}

async function writeStandbySettings(
  dataDirectory: string,
  archive: StandbyArchive | null,
  upstream: readonly string[],
): Promise<void> {
  const path = join(dataDirectory, 'postgresql.auto.conf');
  const text = await readFile(path, 'utf8');
  const before = text.split('\n');
  const isOurs = (line: string): boolean =>
    /^\s*restore_command\b/i.test(line) && line.includes(scriptNames.restoreCommand);
  const fetches = archive !== null && (archive.wanted || before.some(isOurs));
  const kept = before
    .filter((line) => !/^\s*(primary_conninfo|primary_slot_name|recovery_target\w*)\b/i.test(line))
    .filter((line) => !fetches || !/^\s*restore_command\b/i.test(line))
    .join('\n')
    .replace(/\n*$/, '\n');
  const lines = [
    ...(fetches ? [`restore_command = ${setting(archive.command)}`] : []),
    ...upstream,
    `recovery_target_timeline = 'latest'`,
  ];
  const wanted = `${kept}${lines.join('\n')}\n`;
  if (wanted !== text) {
    await writeFile(path, wanted, { mode: 0o600 });
  }
  await writeFile(join(dataDirectory, 'standby.signal'), '', { mode: 0o600 });
}

/** It takes no writes, and follows whom its settings name: nobody else is known. */
export async function keepAsStandby(dataDirectory: string): Promise<void> {
  await writeFile(join(dataDirectory, 'standby.signal'), '', { mode: 0o600 });
}

/** A standby that has data: its slot is made before it asks for it. Where the primary is away, pgusher-backup makes it later. */
export async function followAgain(
  upstream: Upstream,
  password: string,
  dataDirectory: string,
  archive: StandbyArchive,
  log: Log,
): Promise<void> {
  const slot = await makeStandbySlot(upstream, { user: upstream.user, password });
  if (slot.kind === 'failed') {
    log.warn(
      `slot ${upstream.slot} cannot be made at ${upstream.host}:${upstream.port} now (${slot.reason}): without it until then`,
    );
  }
  await followPrimary(upstream, dataDirectory, slot.kind !== 'failed', archive);
}

/** The value of primary_conninfo. */
export function connectionString(upstream: Upstream): string {
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

/** As a literal of the configuration files, and of ALTER SYSTEM. */
export function setting(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The last line of its standard error, or undefined where it succeeded. */
async function runBaseBackup(
  program: string,
  upstream: Upstream,
  password: string,
  directory: string,
): Promise<string | undefined> {
  // Anew: the copy needs nothing from before, and a slot that has lost its WAL would never be good again.
  const slot = await remakeStandbySlot(upstream, { user: upstream.user, password });
  return slot.kind === 'failed'
    ? slot.reason
    : runProgram(program, upstream, [
        '--pgdata',
        directory,
        '--wal-method=stream',
        '--checkpoint=fast',
        '--slot',
        upstream.slot,
      ]);
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
