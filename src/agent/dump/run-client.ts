import { spawn } from 'node:child_process';

export interface ClientRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the program with SIGINT, which pg_dump and pg_restore pass on to the server. */
  readonly signal: AbortSignal;
  /** Each line that it writes to standard error; true ends it. */
  readonly onLine?: (line: string) => boolean;
}

/**
 * One of PostgreSQL's own programs to its end, in a group of its own: a Ctrl-C is ours to pass on, so that what it leaves is removed when it has ended.
 * @returns null where it went well, else its own words.
 */
export async function runClient({ program, args, environment, signal, onLine }: ClientRun): Promise<string | null> {
  const isInterrupted = (): boolean => signal.aborted;
  if (isInterrupted()) return 'interrupted';
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const interrupt = (): void => {
    child.kill('SIGINT');
  };
  signal.addEventListener('abort', interrupt);
  let words = '';
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    // The first words say why; what comes after is how it ended.
    if (words.length < 8000) words += chunk;
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(-8000);
    if (onLine !== undefined && lines.map(onLine).includes(true)) interrupt();
  });
  const how = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, ended) => {
      resolve(code === 0 ? null : (ended ?? `exit code ${code}`));
    });
  });
  signal.removeEventListener('abort', interrupt);
  if (how === null) return null;
  if (isInterrupted()) return 'interrupted';
  return clientWords(words) || `it ended with ${how}`;
}

/** Without the names of the programs, on one line. */
function clientWords(words: string): string {
  return words
    .split('\n')
    .map((line) => line.replace(/^(pg_dump|pg_dumpall|pg_restore|psql): (error: )?/, '').trim())
    .filter((line) => line !== '')
    .join(' / ')
    .slice(0, 2000);
}
