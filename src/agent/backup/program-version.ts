import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Major version of a PostgreSQL program by what it says of itself: `pg_receivewal (PostgreSQL) 19rc1 (Debian …)`. */
export async function programMajor(program: string): Promise<number> {
  const { stdout } = await run(program, ['--version'], { env: { LC_ALL: 'C' } });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
  if (Number.isNaN(major)) {
    throw new Error(`${program} --version says "${stdout.trim()}"; wanted the version of PostgreSQL`);
  }
  return major;
}

/** Why programs of that major cannot serve such a server; null: they can. They work with servers that are older, never with newer ones. */
export function versionTrouble(server: number, programs: number): string | null {
  return server <= programs
    ? null
    : `the server is PostgreSQL ${server}, and this agent has the programs of PostgreSQL ${programs}, which a newer server turns away: nothing is received and no base backup is made. Wanted: an agent image with PostgreSQL ${server} or newer (postgres.io/agent-image)`;
}
