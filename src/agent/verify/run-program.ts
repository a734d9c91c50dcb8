import { spawn } from 'node:child_process';

/** Runs a program to its end. @returns the last of what it wrote. @throws with its exit code and the same. */
export async function runProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', ...environment },
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      words = (words + chunk).slice(-8000);
    });
  }
  const how = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? null : (signal ?? `exit code ${code}`));
    });
  });
  if (how !== null) {
    throw new Error(`${program} ended with ${how}: ${words.trim()}`);
  }
  return words;
}
