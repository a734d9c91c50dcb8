import { spawn } from 'node:child_process';
import type { DebianPostgres } from '../../../support/debian-postgres.ts';
import { enter } from '../../../support/debian-postgres.ts';
import type { Owner } from '../../../support/postgres-server.ts';
import { descendants } from '../../../support/postgres-server.ts';

/** A program in a file system of its own, with the directories of the test where a pod mounts its volumes. */
export interface ContainerSpec {
  readonly owner: Owner;
  readonly mounts: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** All of it; nothing of the test's own environment goes in. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Container {
  /** Standard output and standard error so far. */
  output(): string;
  /** Exit code, or name of the signal. */
  readonly exited: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL to all that runs in it. */
  kill(): Promise<void>;
}

export function startContainer(place: DebianPostgres, spec: ContainerSpec): Container {
  const { file, args } = enter(place, spec);
  const child = spawn(file, args, {
    cwd: '/',
    env: { PATH: searchPath(place), LANG: 'C.UTF-8', ...spec.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const exited = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return {
    output: () => output,
    exited,
    signal: (signal) => {
      child.kill(signal);
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        return;
      }
      for (const pid of descendants(child.pid ?? 0)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // Gone meanwhile.
        }
      }
      await exited;
    },
  };
}

export interface Ended {
  readonly code: number | string;
  readonly output: string;
}

/** Runs it to its end. */
export async function runContainer(place: DebianPostgres, spec: ContainerSpec): Promise<Ended> {
  const container = startContainer(place, spec);
  const code = await container.exited;
  return { code, output: container.output() };
}

/** As in the official image: PostgreSQL's own directory comes before Debian's wrappers. */
function searchPath(place: DebianPostgres): string {
  return `/usr/lib/postgresql/${place.major}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
}
