import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findClientProgram } from '../server-connection/client-program.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { runProgram } from '../verify/run-program.ts';

/** The server that data is rewound to, and who may read its files there. */
export interface RewindSource {
  readonly address: ServerAddress;
  readonly superuser: Credentials;
  /** One that is there: pg_rewind asks by SQL. */
  readonly database: string;
}

/** Where the agent's image has pg_rewind of the majors that are not its own, and nothing else of them (scripts/build/rewind-programs.sh). */
const furtherMajors = '/opt/rewind/lib/postgresql';

/** The program of just this major: it reads no other's data. Null where the image has none. */
export async function pgRewindOf(major: number): Promise<string | null> {
  try {
    const further = join(furtherMajors, String(major), 'bin/pg_rewind');
    const program = existsSync(further) ? further : findClientProgram('pg_rewind', major);
    const version = await runProgram(program, ['--version'], ownLibraries(program));
    return Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1]) === major ? program : null;
  } catch {
    return null;
  }
}

/** Those that this image has not. */
function ownLibraries(program: string): Readonly<Record<string, string>> {
  return { LD_LIBRARY_PATH: join(dirname(dirname(program)), 'lib') };
}

/** @returns what it wrote. @throws with what went wrong, in its words. */
export async function runPgRewind(
  program: string,
  target: string,
  { address, superuser, database }: RewindSource,
  flags: readonly string[],
): Promise<string> {
  const values = { host: address.host, port: String(address.port), user: superuser.user, dbname: database };
  const source = Object.entries(values)
    .map(([name, value]) => `${name}='${value.replace(/['\\]/g, '\\$&')}'`)
    .join(' ');
  try {
    return await runProgram(program, ['--target-pgdata', target, '--source-server', source, ...flags], {
      ...ownLibraries(program),
      // As this container has it; no file with it is left where this is killed.
      ...(superuser.password === null ? {} : { PGPASSWORD: superuser.password }),
      PGPASSFILE: '/dev/null',
      PGCONNECT_TIMEOUT: '10',
    });
  } catch (error) {
    throw new Error(whatWentWrong(error instanceof Error ? error.message : String(error)), { cause: error });
  }
}

/** Of what it wrote, progress and the words of the server that it runs in between, the lines that say what went wrong. */
function whatWentWrong(output: string): string {
  const lines = output.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  const wrong = lines.filter((line) => /\b(error|fatal|panic):/i.test(line));
  const told = wrong.length > 0 ? wrong.slice(0, 2) : lines.slice(-1);
  return `pg_rewind said: ${told.map((line) => line.trim().replace(/^pg_rewind: (error|fatal): /, '')).join('; ')}`;
}
