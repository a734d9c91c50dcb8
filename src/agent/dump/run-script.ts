import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findClientProgram } from '../server-connection/client-program.ts';

/**
 * SQL through psql, as it was written by pg_dump or pg_dumpall.
 * @returns each error with its SQLSTATE, `ERROR:  42710: role "x" already exists`; and how psql ended where that says more.
 */
export async function runScript(script: {
  readonly text: string | AsyncIterable<Buffer>;
  readonly database: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly stopAtError: boolean;
}): Promise<readonly string[]> {
  const child = spawn(
    findClientProgram('psql'),
    [
      '--no-psqlrc',
      '--quiet',
      '--no-password',
      '--set=VERBOSITY=verbose',
      ...(script.stopAtError ? ['--set=ON_ERROR_STOP=1'] : []),
    ],
    {
      env: { ...script.environment, PGDATABASE: script.database },
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    },
  );
  const interrupt = (): void => {
    child.kill('SIGINT');
    child.kill('SIGTERM');
  };
  script.signal.addEventListener('abort', interrupt);
  const errors: string[] = [];
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (errors.length < 100 && /(ERROR|FATAL|PANIC|error):/.test(line))
        errors.push(line.replace(/^psql:(<stdin>:\d+:)? ?/, ''));
    }
  });
  // What it does not take any more, it says why by itself.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? null : (signal ?? `exit code ${code}`));
    });
  });
  await give(child.stdin, script.text, ended);
  const how = await ended;
  script.signal.removeEventListener('abort', interrupt);
  return how === null || errors.length > 0 ? errors : [`psql ended with ${how}`];
}

async function give(
  input: NodeJS.WritableStream,
  text: string | AsyncIterable<Buffer>,
  ended: Promise<unknown>,
): Promise<void> {
  const state = { isOver: false };
  void ended.then(() => (state.isOver = true));
  if (typeof text === 'string') {
    input.end(text);
    return;
  }
  for await (const block of text) {
    if (state.isOver) return;
    // A block is valid until the next one is asked for.
    if (!input.write(Buffer.from(block))) await Promise.race([once(input, 'drain'), ended]);
  }
  input.end();
}
