import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentContract } from '../../../src/agent/contract.ts';
import type { BaseBackupRecord } from '../../../src/agent/store/layout.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import {
  asServerUser,
  eventually,
  giveToServer,
  initialise,
  ownedDirectory,
  removeDirectory,
  scratchDirectory,
  startServer,
} from '../../support/postgres-server.ts';
import { requireTool } from '../../support/tool.ts';
import { contractOf } from './contract.ts';

export const segmentSize = 1024 * 1024;

/**
 * A volume with a server on it and a store beside it that is filled by the programs that fill it in a pod:
 * pg_receivewal --synchronous, the mover, pg_basebackup. Small segments, so that a few rows make many of them.
 */
export class DatabaseWithStore {
  readonly directory: string;
  /** The data volume. */
  readonly volume: string;
  readonly dataDirectory: string;
  readonly shared: string;
  /** `<mount>/<prefix>` of the store. */
  readonly root: string;
  server: PostgresServer | null = null;
  systemId = '';
  private receiver: ChildProcess | null = null;

  constructor(label: string) {
    this.directory = scratchDirectory(label);
    this.volume = ownedDirectory(join(this.directory, 'volume'));
    this.dataDirectory = join(this.volume, 'pgdata');
    this.shared = ownedDirectory(join(this.directory, 'shared'));
    ownedDirectory(join(this.directory, 'store'));
    ownedDirectory(join(this.directory, 'store', 'shop'));
    this.root = join(this.directory, 'store', 'shop', 'db');
  }

  contract(changes: Partial<AgentContract> = {}): AgentContract {
    return {
      ...contractOf({
        set: 'db',
        major: 15,
        dataDirectory: this.dataDirectory,
        dataMount: this.volume,
        // Nothing is asked of a server or an agent over the network.
        serverPort: 5432,
        agentPort: 8432,
        store: { mount: join(this.directory, 'store'), prefix: 'shop/db' },
        backup: null,
      }),
      ...changes,
    };
  }

  /** A server with a slot and a receiver that has begun. */
  async begin(): Promise<PostgresServer> {
    initialise({ dataDirectory: this.dataDirectory, arguments: ['--wal-segsize=1', '--data-checksums'] });
    this.server = await startServer({ dataDirectory: this.dataDirectory, settings: { wal_keep_size: '64MB' } });
    const [system] = await this.server.sql<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_control_system()',
    );
    this.systemId = system?.id ?? '';
    this.step('claim');
    await this.receive('00000001');
    await this.server.sql('CREATE TABLE rows (number int PRIMARY KEY, filler text)');
    return this.server;
  }

  /** A slot (base backups carry none) and a receiver on it. */
  async receive(timeline: string): Promise<void> {
    const folder = join(this.root, this.systemId, 'incoming', timeline);
    mkdirSync(folder, { recursive: true });
    for (let path = folder; path !== this.root; path = join(path, '..')) {
      giveToServer(path);
    }
    const { server } = this;
    if (server === null) {
      throw new Error('no server');
    }
    await server.sql("SELECT pg_create_physical_replication_slot('pgusher', true)");
    this.receiver = spawn(
      requireTool('pg_receivewal'),
      [
        '--synchronous',
        '--no-loop',
        '--slot=pgusher',
        '-D',
        folder,
        '-h',
        server.socketDirectory,
        '-p',
        String(server.port),
        '-U',
        'postgres',
      ],
      { ...asServerUser(), stdio: 'ignore', cwd: '/tmp' },
    );
  }

  /** Commits rows `from` to `to`, a transaction each, and switches the segment behind every `perSegment`. */
  async write(from: number, to: number, perSegment = 10): Promise<void> {
    const client = await this.server?.connect();
    for (let number = from; number <= to; number++) {
      await client?.query("INSERT INTO rows VALUES ($1, repeat('x', 1000))", [number]);
      if (number % perSegment === 0) {
        await client?.query('SELECT pg_switch_wal()');
      }
    }
    await client?.end();
  }

  /** Waits until all that is committed is in the store. */
  async received(): Promise<void> {
    await eventually('the receiver has everything', async () => {
      const found = await this.server?.sql<{ done: boolean }>(
        'SELECT flush_lsn >= pg_current_wal_lsn() AS done FROM pg_stat_replication',
      );
      return found?.[0]?.done === true;
    });
  }

  backup(compression: 'zstd' | 'gzip' | 'none' = 'zstd'): BaseBackupRecord {
    return JSON.parse(this.step('backup', compression)) as BaseBackupRecord;
  }

  /** Finished segments from incoming/ to wal/. */
  move(compression: 'zstd' | 'gzip' | 'none' = 'zstd'): void {
    this.step('move', compression);
  }

  /** The same, cut off before a change on disk, or with a list of these. */
  moveInSteps(counting: StepCounting): void {
    this.step('move', 'zstd', counting);
  }

  /** kill -9 of the server and its receiver: what a node does that dies. */
  async crash(): Promise<void> {
    await this.server?.kill();
    this.server = null;
    await this.stopReceiver();
  }

  async stopReceiver(): Promise<void> {
    const { receiver } = this;
    this.receiver = null;
    if (receiver !== null && receiver.exitCode === null && receiver.signalCode === null) {
      const gone = new Promise((resolve) => receiver.once('exit', resolve));
      receiver.kill('SIGKILL');
      await gone;
    }
  }

  /** The volume is lost: an empty one is in its place. */
  loseVolume(): void {
    rmSync(this.volume, { recursive: true });
    ownedDirectory(this.volume);
  }

  /** Names of finished segments in wal/, oldest first. */
  finished(timeline = '00000001'): string[] {
    return readdirSync(join(this.root, this.systemId, 'wal', timeline)).sort();
  }

  walPath(name: string, timeline = '00000001'): string {
    return join(this.root, this.systemId, 'wal', timeline, name);
  }

  /** Path of a finished segment: 0 is the oldest, -1 the newest. */
  segmentPath(position: number): string {
    const name = this.finished().at(position);
    if (name === undefined) {
      throw new Error(`there is no segment ${position}`);
    }
    return this.walPath(name);
  }

  /** Paths of what is in incoming/. */
  partials(timeline = '00000001'): string[] {
    const folder = join(this.root, this.systemId, 'incoming', timeline);
    return readdirSync(folder).map((name) => join(folder, name));
  }

  async remove(): Promise<void> {
    await this.crash();
    removeDirectory(this.directory);
  }

  private step(
    step: 'claim' | 'backup' | 'move',
    compression: 'zstd' | 'gzip' | 'none' = 'zstd',
    counting: StepCounting = {},
  ): string {
    const { server } = this;
    const counted = countingSteps(counting);
    const result = spawnSync(node, [...counted.preload, join(import.meta.dirname, 'store-process.ts')], {
      ...asServerUser(),
      cwd: '/tmp',
      encoding: 'utf8',
      env: {
        ...process.env,
        ...counted.environment,
        STORE_STEP: JSON.stringify({
          step,
          root: this.root,
          set: 'db',
          facts: { systemId: this.systemId, major: 15, segmentSize },
          compression,
          settings: { max_connections: 100 },
          environment:
            server === null
              ? {}
              : {
                  PATH: process.env['PATH'] ?? '',
                  PGHOST: server.socketDirectory,
                  PGPORT: String(server.port),
                  PGUSER: 'postgres',
                },
        }),
      },
    });
    const asWanted = counting.killAtStep === undefined ? result.status === 0 : result.signal === 'SIGKILL';
    if (!asWanted) {
      throw new Error(`${step}: ${result.stdout}${result.stderr}`);
    }
    return result.stdout;
  }
}

export interface RestoreResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Last line of standard error. */
  readonly reason: string;
  readonly output: string;
}

/** See kill-at-step.ts. */
export interface StepCounting {
  /** SIGKILL before this change on disk. */
  readonly killAtStep?: number;
  /** SIGKILL before the change of this name: how many come before it may differ from one run to the next. */
  readonly killBefore?: string;
  /** File for the names of all changes on disk. */
  readonly stepsTo?: string;
}

function countingSteps({ killAtStep, killBefore, stepsTo }: StepCounting): {
  readonly preload: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
} {
  const environment = {
    ...(killAtStep === undefined ? {} : { KILL_AT_STEP: String(killAtStep) }),
    ...(killBefore === undefined ? {} : { KILL_BEFORE: killBefore }),
    ...(stepsTo === undefined ? {} : { STEPS_TO: stepsTo }),
  };
  const counted = Object.keys(environment).length > 0;
  return { preload: counted ? ['--import', join(import.meta.dirname, 'kill-at-step.ts')] : [], environment };
}

export interface RestoreOptions extends StepCounting {
  readonly pod?: string;
  readonly mustBeMount?: boolean;
  /** Where the ConfigMap is mounted; a folder that is not there otherwise. */
  readonly liveSettings?: string;
  /** The servers of the set, by pod; names below the contract's service otherwise. */
  readonly ports?: Readonly<Record<string, number>>;
  /** How long an off-site copy that does not answer is asked; its credentials are in `environment`. */
  readonly offsitePatienceMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** As whoever runs the test, not as the server's user. */
  readonly asRoot?: boolean;
}

/** Runs `restore`, as the server's user unless told otherwise. */
export async function runRestoreProcess(
  database: Pick<DatabaseWithStore, 'shared'>,
  contract: AgentContract,
  options: RestoreOptions = {},
): Promise<RestoreResult> {
  const counted = countingSteps(options);
  const child = spawn(node, [...counted.preload, join(import.meta.dirname, 'restore-process.ts')], {
    ...(options.asRoot === true ? {} : asServerUser()),
    cwd: '/tmp',
    env: {
      ...process.env,
      ...counted.environment,
      ...options.environment,
      PGUSHER_CONTRACT: JSON.stringify(contract),
      RESTORE_PLACES: JSON.stringify({
        shared: database.shared,
        pod: options.pod ?? 'db-0',
        mustBeMount: options.mustBeMount ?? false,
        liveSettings: options.liveSettings ?? join(database.shared, 'no-settings'),
        ports: options.ports ?? null,
        offsitePatienceMs: options.offsitePatienceMs ?? 10_000,
      }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, reason: errors.trim().split('\n').at(-1) ?? '', output: output + errors });
    });
  });
}

/** All numbers in `rows`, in order. */
export async function rowsOf(server: PostgresServer): Promise<number[]> {
  return (await server.sql<{ number: number }>('SELECT number FROM rows ORDER BY number')).map((row) => row.number);
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Flips one bit in the middle of a file. */
export function damage(path: string, bytes: Buffer): void {
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

export const node = join(import.meta.dirname, '../../../node_modules/.bin/node');
