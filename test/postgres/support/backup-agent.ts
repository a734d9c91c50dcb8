import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import type { FailureKind } from '../../../src/agent/backup/agent-status.ts';
import type { AgentContract, BackupContract } from '../../../src/agent/contract.ts';
import { readBaseBackups } from '../../../src/agent/store/base-backups.ts';
import { errorCode } from '../../../src/agent/store/durable-file.ts';
import type { BaseBackupRecord } from '../../../src/agent/store/layout.ts';
import { contractOf, plainBackup } from './contract.ts';
import { freePort } from '../../support/free-port.ts';
import {
  asServerUser,
  eventually,
  initialise,
  ownedDirectory,
  removeDirectory,
  scratchDirectory,
  serverOwner,
  startServer,
} from '../../support/postgres-server.ts';
import type { PostgresServer, StartOptions } from '../../support/postgres-server.ts';

/** A data volume, a store and a port: what a pod's server and agent share. */
export interface Pod {
  readonly directory: string;
  readonly dataMount: string;
  readonly dataDirectory: string;
  readonly storeMount: string;
  readonly shared: string;
  readonly liveSettings: string;
  readonly port: number;
  readonly contract: AgentContract;
  initialise(): void;
  startServer(options?: Partial<StartOptions>): Promise<PostgresServer>;
  startAgent(options?: AgentOptions): Promise<Agent>;
  /** Puts a small file system of its own in the place of the store or the data: what a claim is. Needs `canMount`. */
  mount(place: 'store' | 'data', megabytes: number): void;
  backups(systemId: string): Promise<readonly BaseBackupRecord[]>;
  /** The data volume is lost: an empty one is in its place. */
  loseVolume(): void;
  /** Kills what still runs. */
  kill(): Promise<void>;
  /** The same, and removes the directory. */
  remove(): Promise<void>;
}

export interface AgentOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly storeMustBeMount?: boolean;
  readonly backup?: Partial<BackupContract>;
  readonly contract?: Partial<AgentContract>;
  /** The servers of the set, by pod; names below the contract's service otherwise. */
  readonly ports?: Readonly<Record<string, number>>;
  /** File with the milliseconds that its clock is wrong by; see jumping-clock.ts. */
  readonly clock?: string;
  /** False: do not wait until it answers HTTP. */
  readonly wait?: boolean;
}

export interface Agent {
  readonly child: ChildProcess;
  readonly port: number;
  /** Parsed log lines so far. */
  lines(): Record<string, unknown>[];
  output(): string;
  readonly exited: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM; resolves with exit code and the milliseconds that it took. */
  stop(): Promise<{ code: number | string; milliseconds: number }>;
  /** SIGKILL to the agent and to pg_receivewal and pg_basebackup under it: a container that is killed. */
  kill(): Promise<void>;
  /** Waits for a pg_receivewal, other than the one of the given pid. */
  receiverPid(otherThan?: number): Promise<number>;
  get(path: string): Promise<{ status: number; body: string }>;
  metric(name: string): Promise<number>;
}

export async function newPod(label: string): Promise<Pod> {
  const directory = scratchDirectory(label);
  const dataMount = ownedDirectory(join(directory, 'data'));
  const storeMount = ownedDirectory(join(directory, 'store'));
  const shared = ownedDirectory(join(directory, 'shared'));
  const liveSettings = ownedDirectory(join(directory, 'settings'));
  const port = await freePort();
  const dataDirectory = join(dataMount, 'pgdata');
  const contract = contractOf({
    set: 'orders',
    major: 15,
    dataDirectory,
    dataMount,
    serverPort: port,
    agentPort: await freePort(),
    store: { mount: storeMount, prefix: 'shop/orders' },
    backup: plainBackup,
  });
  const servers: PostgresServer[] = [];
  const agents: Agent[] = [];
  const mounts: string[] = [];
  const kill = async (): Promise<void> => {
    for (const agent of agents) {
      await agent.kill();
    }
    for (const server of servers) {
      await server.kill();
    }
  };
  return {
    directory,
    dataMount,
    dataDirectory,
    storeMount,
    shared,
    liveSettings,
    port,
    contract,
    initialise: () => {
      initialise({ dataDirectory });
    },
    startServer: async (options) => {
      const server = await startServer({ dataDirectory, port, ...options });
      servers.push(server);
      return server;
    },
    startAgent: async (options = {}) => {
      const base = { ...contract, ...options.contract };
      const agent = spawnAgent(
        { ...base, backup: base.backup === null ? null : { ...base.backup, ...options.backup } },
        {
          PGUSHER_POD: 'orders-0',
          PGUSHER_POD_UID: 'uid-0',
          PGUSHER_USER: 'postgres',
          PGUSHER_PASSWORD: 'secret',
          ...options.environment,
        },
        {
          shared,
          liveSettings,
          replicationSecret: join(directory, 'replication'),
          rolePasswords: join(directory, 'role-passwords'),
          storeMustBeMount: options.storeMustBeMount ?? false,
          ports: options.ports ?? null,
        },
        options.clock,
      );
      agents.push(agent);
      if (options.wait !== false) {
        await eventually(
          'the agent answers /livez',
          async () => (await agent.get('/livez').catch(() => ({ status: 0 }))).status === 200,
          () => agent.output(),
        );
      }
      return agent;
    },
    mount: (place, megabytes) => {
      const { uid, gid } = serverOwner();
      const options = `size=${megabytes}m,uid=${uid},gid=${gid},mode=0700`;
      const directory = place === 'store' ? storeMount : dataMount;
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'pgusher-test', directory]);
      mounts.push(directory);
    },
    backups: async (systemId) => (await readBaseBackups(join(storeMount, 'shop/orders'), systemId)).complete,
    loseVolume: () => {
      removeDirectory(dataMount);
      ownedDirectory(dataMount);
    },
    kill,
    remove: async () => {
      await kill();
      for (const directory of mounts.splice(0)) {
        execFileSync('umount', ['--lazy', directory]);
      }
      removeDirectory(directory);
    },
  };
}

function spawnAgent(
  contract: AgentContract,
  environment: Readonly<Record<string, string>>,
  places: Readonly<Record<string, unknown>>,
  clock: string | undefined,
): Agent {
  const preload = clock === undefined ? [] : ['--import', join(import.meta.dirname, 'jumping-clock.ts')];
  const child = spawn(process.execPath, [...preload, join(import.meta.dirname, 'agent-process.ts')], {
    ...asServerUser(),
    cwd: '/tmp',
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_NO_WARNINGS: '1',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      PGUSHER_CONTRACT: JSON.stringify(contract),
      AGENT_PLACES: JSON.stringify(places),
      ...(clock === undefined ? {} : { CLOCK_OFFSET_FILE: clock }),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  let ended = false;
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true;
      running.delete(child);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  running.add(child);
  const programs = (): number[] => (ended ? [] : childrenOf(child.pid ?? 0));
  return {
    child,
    port: contract.agentPort,
    output: () => output,
    lines: () =>
      output
        .split('\n')
        .map(parseLine)
        .filter((line) => line !== undefined),
    exited,
    signal: (signal) => {
      child.kill(signal);
    },
    stop: async () => {
      const startedAt = performance.now();
      child.kill('SIGTERM');
      const code = await exited;
      return { code, milliseconds: performance.now() - startedAt };
    },
    kill: async () => {
      for (const pid of programs()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch (error) {
          // It ended by itself: its server was killed at the same time.
          if (errorCode(error) !== 'ESRCH') {
            throw error;
          }
        }
      }
      child.kill('SIGKILL');
      if (!ended) {
        await exited;
      }
    },
    receiverPid: async (otherThan) => {
      let found: number | undefined;
      await eventually(
        'a receiver runs',
        () => {
          found = programs().find((pid) => pid !== otherThan && commandOf(pid).includes('pg_receivewal'));
          return found !== undefined;
        },
        () => output,
      );
      // Not a number that stands for something else: 0 would be this process and all its children.
      return found ?? Number.NaN;
    },
    get: (path) => httpGet(contract.agentPort, path),
    metric: async (name) => {
      const { body } = await httpGet(contract.agentPort, '/metrics');
      const line = body.split('\n').find((candidate) => candidate.startsWith(`${name} `));
      return Number(line?.split(' ')[1] ?? Number.NaN);
    },
  };
}

function httpGet(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    }).once('error', reject);
  });
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
}

function parentOf(pid: number): number {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    );
  } catch {
    return -1;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Waits until the agent names a failure in such words, and returns its line of /readyz. */
export async function untilFailure(agent: Agent, kind: FailureKind, words: RegExp): Promise<string> {
  let found = '';
  await eventually(
    `failure of kind ${kind}: ${String(words)}`,
    async () => {
      found =
        (await agent.get('/readyz')).body
          .split('\n')
          .find((line) => line.startsWith(`${kind}: `) && words.test(line)) ?? '';
      return found !== '';
    },
    () => agent.output(),
  );
  return found;
}

/** Waits until the store has on disk what is committed now. */
export async function untilReceived(server: PostgresServer, agent: Agent): Promise<void> {
  const [position] = await server.sql<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  await eventually(
    'the store has everything',
    async () =>
      (
        await server.sql("SELECT FROM pg_stat_replication WHERE application_name = 'pgusher' AND flush_lsn >= $1", [
          position?.lsn,
        ])
      ).length > 0,
    () => agent.output(),
  );
}

/** Waits until the agent calls the set protected: receiving, and a verified base backup of this timeline. */
export async function untilProtected(agent: Agent): Promise<void> {
  await eventually(
    'the agent is protected',
    async () => (await agent.get('/readyz')).status === 200,
    () => agent.output(),
  );
}

export function storeRootOf(pod: Pod): string {
  return join(pod.storeMount, 'shop/orders');
}

export async function systemIdOf(server: PostgresServer): Promise<string> {
  const [row] = await server.sql<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()');
  return row?.id ?? '';
}

/** A test that fails must leave no agent behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
});
