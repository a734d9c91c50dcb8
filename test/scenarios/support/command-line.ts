import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { kubeconfig } from './cluster.ts';

const program = join(import.meta.dirname, '../../../bin/pgusher');

export interface CommandAnswer {
  readonly code: number | null;
  /** What it printed, on both streams. */
  readonly words: string;
}

/** `pgusher …` as a person types it, with the kubeconfig of the cluster's administrator. */
export async function pgusher(...args: readonly string[]): Promise<CommandAnswer> {
  const child = spawn(program, args, {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, words: out + error };
}
