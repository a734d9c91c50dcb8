import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findClientProgram } from '../server-connection/client-program.ts';

/** Entries of an archive that are about the database itself, in the form of `pg_restore --list`. */
const properties = /^\d+; \d+ \d+ (DATABASE|DATABASE PROPERTIES|(ACL|COMMENT|SECURITY LABEL) - DATABASE) /;

/**
 * The SQL of what belongs to the database itself, which pg_restore gives out with --create only, together with what makes it: that, and the way into
 * another database, is taken out.
 * @throws with pg_restore's words.
 */
export async function databaseProperties(
  archive: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const list = await read(['--create', '--list', archive], environment, signal);
  const entries = list.split('\n').filter((line) => properties.test(line));
  if (entries.length === 0) return '';
  const folder = await mkdtemp(join(tmpdir(), 'pgusher-load-'));
  try {
    const file = join(folder, 'list');
    await writeFile(file, `${entries.join('\n')}\n`);
    const script = await read(['--create', `--use-list=${file}`, '--file=-', archive], environment, signal);
    return script
      .split('\n')
      .filter(
        (line) =>
          !/^(CREATE DATABASE |\\connect |SET transaction_timeout = 0;|\\(un)?restrict |\\encoding )/.test(line),
      )
      .join('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function read(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const child = spawn(findClientProgram('pg_restore'), args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let text = '';
  let words = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words += chunk));
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      words = error.message;
      resolve(1);
    });
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(words.trim() || 'pg_restore ended');
  return text;
}
