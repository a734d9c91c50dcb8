import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

export interface ProgramResult {
  /** -1 where a signal ended it, or it could not be started. */
  readonly status: number;
  /** Standard output; empty where it was shown. */
  readonly output: string;
}

/** Runs a program of this machine or of node_modules/.bin, which comes first on PATH together with the Node that runs this. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly output: 'shown' | 'kept'; readonly env?: NodeJS.ProcessEnv },
): Promise<ProgramResult> {
  const path = [join(options.cwd, 'node_modules', '.bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(
    ':',
  );
  const { promise, resolve } = Promise.withResolvers<ProgramResult>();
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env, PATH: path },
    stdio: ['ignore', options.output === 'shown' ? 'inherit' : 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.on('error', (error) => {
    console.error(`${program}: ${error.message}`);
    resolve({ status: -1, output });
  });
  child.on('close', (status) => {
    resolve({ status: status ?? -1, output });
  });
  return await promise;
}
