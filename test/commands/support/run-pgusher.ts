import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs bin/pgusher as a person would, from the root of the checkout. Standard input is empty where none is given. */
export function runPgusher(
  args: readonly string[],
  options: {
    readonly stdin?: string;
    readonly cwd?: string;
    readonly program?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Ran {
  const { status, stdout, stderr } = spawnSync(options.program ?? `${root}bin/pgusher`, args, {
    cwd: options.cwd ?? root,
    input: options.stdin ?? '',
    encoding: 'utf8',
    env: { ...process.env, ...options.env },
  });
  return { status, stdout, stderr };
}
