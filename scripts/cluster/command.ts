import { execFile } from 'node:child_process';

export interface CommandOptions {
  readonly input?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
}

export interface CommandResult {
  /** -1 where a signal ended it, or it could not be started. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, however that is. */
export async function tryCommand(
  program: string,
  args: readonly string[],
  { input, environment, cwd }: CommandOptions = {},
): Promise<CommandResult> {
  return await new Promise((resolve) => {
    const options = { maxBuffer: 256 * 1024 * 1024, env: { ...process.env, ...environment }, cwd };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
    });
    // A program that does not read its input is no failure.
    child.stdin?.on('error', () => undefined).end(input ?? '');
  });
}

/** What a program printed; throws with the end of what it said where it fails. */
export async function command(program: string, args: readonly string[], options?: CommandOptions): Promise<string> {
  const { status, stdout, stderr } = await tryCommand(program, args, options);
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ').slice(0, 300)} failed (${status}): ${stderr.slice(-2000)}`);
  return stdout;
}
