import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a program printed, run in the checkout. @throws Error with what it said where it fails. */
export function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed (${String(status)}): ${stderr.slice(-2000)}`);
  return stdout;
}

export const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** Seconds since 1970 that every file of a release carries: SOURCE_DATE_EPOCH, else the time of the commit. */
export function sourceDate(): number {
  return Number(process.env['SOURCE_DATE_EPOCH'] ?? run('git', ['log', '-1', '--format=%ct']).trim());
}
