import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findClientProgram } from '../server-connection/client-program.ts';

/** An ordinary session that psql holds open. */
export interface PsqlSession {
  /** One statement or several that give one row of one value together. @throws with the server's words; the session is over then. */
  ask(statement: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * psql and not a driver: what libpq can reach, this can. The name of the database goes by PGDATABASE, which is never read as a connection string.
 * @param database undefined: whichever `environment` names.
 */
export function openPsql(environment: Readonly<Record<string, string>>, database?: string): PsqlSession {
  const child = spawn(
    findClientProgram('psql'),
    ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--no-password', '--set=ON_ERROR_STOP=1'],
    {
      // A Ctrl-C is ours to pass on.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...environment, PGCLIENTENCODING: 'UTF8', ...(database === undefined ? {} : { PGDATABASE: database }) },
    },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-4000)));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(words.trim() || `psql ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (statement) => {
      child.stdin.write(`${statement};\n`);
      const next = await lines.next();
      if (next.done === true) throw new Error(serverWords(await ended));
      return next.value;
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** Without the place in what psql was given. */
export function serverWords(words: string): string {
  return words
    .split('\n')
    .map((line) => line.replace(/^psql:(<stdin>:\d+:)? ?/, '').trim())
    .filter((line) => line !== '')
    .join(' / ');
}

/** A text as a literal of SQL, whatever standard_conforming_strings says. */
export function literal(text: string): string {
  return ` E'${text.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`;
}

/** A name as an identifier of SQL. */
export function identifier(name: string): string {
  return `"${name.replace(/"/g, '""')}"`;
}

/** A name as the value of a keyword in a connection string, where pg_restore takes nothing else. */
export function connectionTo(database: string): string {
  return `dbname='${database.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
}
