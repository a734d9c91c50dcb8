import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { isRoot, requireTool } from './tool.ts';

/**
 * Real servers on loopback. `postgres` and `initdb` refuse to run as root, so where the tests are root (a CI container)
 * they and everything that shares files with them run as user `postgres`, or `nobody`.
 */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Seconds. Enough for a machine that has other things to do: what waits in vain fails anyway. */
const patience = 120;

let stranger: Owner | undefined;

/** From here on the server's user is this one, of whom /etc/passwd need not know. As root only. */
export function serveAs(owner: Owner): void {
  stranger = owner;
}

export function serverOwner(): Owner {
  if (!isRoot()) {
    return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  }
  if (stranger !== undefined) {
    return stranger;
  }
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === 'postgres' && uid !== undefined && gid !== undefined) {
      return { uid: Number(uid), gid: Number(gid) };
    }
  }
  return { uid: 65534, gid: 65534 };
}

/** A new directory that the server's user owns, below /tmp. Remove it with `removeDirectory`. */
export function scratchDirectory(label: string): string {
  const directory = mkdtempSync(`/tmp/pgusher-test-${label}-`);
  giveToServer(directory);
  return directory;
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Makes `directory` (and its parents) and hands it to the server's user. */
export function ownedDirectory(directory: string, mode = 0o700): string {
  mkdirSync(directory, { recursive: true, mode });
  giveToServer(directory);
  return directory;
}

export function giveToServer(path: string): void {
  if (isRoot()) {
    const owner = serverOwner();
    chownSync(path, owner.uid, owner.gid);
  }
}

/** `uid` and `gid` for `spawn`, so that the child runs as the server's user; empty where we are not root. */
export function asServerUser(): { uid?: number; gid?: number } {
  return isRoot() ? serverOwner() : {};
}

/** Runs a program as the server's user and returns its standard output. @throws with its standard error. */
export function runAsServer(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): string {
  const result = spawnSync(program, args, {
    ...asServerUser(),
    cwd: options.cwd ?? '/tmp',
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status !== 0) {
    throw new Error(
      `${program} ${args.join(' ')}: exit ${result.status ?? result.signal}\n${result.stdout}${result.stderr}`,
    );
  }
  return result.stdout;
}

export interface InitialiseOptions {
  readonly dataDirectory: string;
  /** Superuser and its password; `postgres` and `secret` by default. SCRAM over TCP, trust over the socket, as the official image does it. */
  readonly user?: string;
  readonly password?: string;
  readonly major?: number;
  /** Further arguments of initdb. */
  readonly arguments?: readonly string[];
}

/** initdb as the server's user. The parent directory is made where it is missing. */
export function initialise(options: InitialiseOptions): void {
  const parent = join(options.dataDirectory, '..');
  if (!existsSync(parent)) {
    ownedDirectory(parent);
  }
  const passwordFile = join(scratchDirectory('initdb'), 'password');
  writeFileSync(passwordFile, `${options.password ?? 'secret'}\n`, { mode: 0o600 });
  giveToServer(passwordFile);
  try {
    runAsServer(requireTool('initdb', options.major), [
      '--pgdata',
      options.dataDirectory,
      '--username',
      options.user ?? 'postgres',
      '--pwfile',
      passwordFile,
      '--auth-local',
      'trust',
      '--auth-host',
      'scram-sha-256',
      '--no-sync',
      '--encoding',
      'UTF8',
      '--locale',
      'C',
      ...(options.arguments ?? []),
    ]);
  } finally {
    removeDirectory(join(passwordFile, '..'));
  }
}

export interface StartOptions {
  readonly dataDirectory: string;
  /** A free one by default. */
  readonly port?: number;
  /** `-c name=value`, in front of none: these win. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further arguments, behind the settings. */
  readonly arguments?: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly major?: number;
  /** Environment of the server, which restore_command inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds until the server must accept connections; two minutes by default. */
  readonly within?: number;
  /** `connections` (default): until SQL is answered, also read-only in recovery. `process`: at once. */
  readonly waitFor?: 'connections' | 'process';
}

export interface PostgresServer {
  readonly port: number;
  readonly dataDirectory: string;
  readonly user: string;
  readonly password: string;
  /** Directory of the unix socket (trust). */
  readonly socketDirectory: string;
  readonly child: ChildProcess;
  /** What the server wrote so far. */
  log(): string;
  /** Resolves with the exit code or the signal's name once the postmaster is gone. */
  readonly exited: Promise<number | string>;
  /** One statement (or several without parameters) over the socket; a connection each. */
  sql<Row extends Record<string, unknown> = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  /** A connection that the caller ends. */
  connect(database?: string): Promise<pg.Client>;
  /** SIGINT (fast) by default; resolves when the postmaster is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGKILL to the postmaster and every backend, as a node or a container runtime does it. */
  kill(): Promise<void>;
}

/**
 * Starts a server as the server's user; `fsync=off` is never set for you.
 * @throws with the server's log where it does not come up in time or ends.
 */
export async function startServer(options: StartOptions): Promise<PostgresServer> {
  const port = options.port ?? (await freePort());
  const user = options.user ?? 'postgres';
  const password = options.password ?? 'secret';
  const socketDirectory = scratchDirectory('socket');
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: socketDirectory,
    ...options.settings,
  };
  const child = spawn(
    requireTool('postgres', options.major),
    [
      '-D',
      options.dataDirectory,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ...(options.arguments ?? []),
    ],
    // A process group of its own: `kill` reaches restore_command and archive_command too.
    {
      ...asServerUser(),
      cwd: '/tmp',
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const state: { ended: number | string | null } = { ended: null };
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      state.ended = code ?? signal ?? 'unknown';
      removeDirectory(socketDirectory);
      resolve(state.ended);
    });
  });
  running.add(child);
  void exited.then(() => running.delete(child));

  const connect = async (database = 'postgres'): Promise<pg.Client> => {
    const client = new pg.Client({ host: socketDirectory, port, user, password, database, application_name: 'test' });
    // A server that is killed under a test breaks its connections; the test sees that by its queries.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      if (state.ended === null) {
        throw error;
      }
      // ENOENT of a socket says nothing; why the server is gone stands in its log.
      throw new Error(`postgres ended with ${state.ended}:\n${text}`, { cause: error });
    }
    return client;
  };

  const server: PostgresServer = {
    port,
    dataDirectory: options.dataDirectory,
    user,
    password,
    socketDirectory,
    child,
    log: () => text,
    exited,
    connect,
    async sql<Row extends Record<string, unknown>>(statement: string, values?: unknown[]): Promise<Row[]> {
      const client = await connect();
      try {
        const result =
          values === undefined ? await client.query<Row>(statement) : await client.query<Row>(statement, values);
        return result.rows;
      } finally {
        await client.end();
      }
    },
    async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
      if (state.ended === null) {
        child.kill(signal);
        await exited;
      }
    },
    async kill(): Promise<void> {
      // The pid of a server that is gone may be another process by now.
      if (state.ended === null) {
        for (const pid of descendants(child.pid ?? 0)) {
          killQuietly(pid);
        }
        await exited;
      }
    },
  };

  if (options.waitFor === 'process') {
    return server;
  }
  const within = options.within ?? patience;
  const deadline = performance.now() + within * 1000;
  for (;;) {
    try {
      await server.sql('SELECT 1');
      return server;
    } catch (error) {
      if (state.ended !== null) {
        throw new Error(`postgres ended with ${state.ended} before it accepted connections:\n${text}`, {
          cause: error,
        });
      }
      if (performance.now() > deadline) {
        await server.kill();
        throw new Error(`postgres did not accept connections within ${within} s:\n${text}`, {
          cause: error,
        });
      }
      await sleep(50);
    }
  }
}

/** The pid and those of all its children, the eldest first: a stopped parent must not start more. */
export function descendants(pid: number): number[] {
  const listed = spawnSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' }).stdout;
  const children = new Map<number, number[]>();
  for (const line of listed.trim().split('\n')) {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    if (child !== undefined && parent !== undefined) {
      children.set(parent, [...(children.get(parent) ?? []), child]);
    }
  }
  const all = [pid];
  for (const found of all) {
    all.push(...(children.get(found) ?? []));
  }
  return all;
}

function killQuietly(pid: number): void {
  if (pid > 1) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone already
    }
  }
}

/** `condition` is asked every 50 ms. @throws after `seconds`, with `what` and what `detail` tells. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  detail: () => string = () => '',
  seconds = patience,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    if (await condition()) {
      return;
    }
    if (performance.now() > deadline) {
      throw new Error(`not within ${seconds} s: ${what}\n${detail()}`);
    }
    await sleep(50);
  }
}

/** Bytes of a file, or -1 where there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}

/** A test that fails must leave no server behind. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) {
    for (const pid of descendants(child.pid ?? 0)) {
      killQuietly(pid);
    }
  }
});

/** By itself, or because somebody stopped it. */
export async function untilEnded(server: PostgresServer): Promise<void> {
  await eventually(
    'the server has ended',
    () => Promise.resolve(server.child.exitCode !== null || server.child.signalCode !== null),
    () => server.log(),
  );
}
