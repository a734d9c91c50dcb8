import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs of PostgreSQL that the agent runs. */
export type ClientProgram =
  | 'pg_basebackup'
  | 'pg_receivewal'
  | 'pg_rewind'
  | 'pg_verifybackup'
  | 'pg_amcheck'
  | 'pg_dump'
  | 'pg_dumpall'
  | 'pg_restore'
  | 'psql'
  | 'postgres'
  | 'pg_waldump';

/**
 * Newest major first: client programs work with servers that are older, not the other way round. Debian's directory
 * comes before PATH, where its names are a wrapper in Perl that chooses by cluster.
 * @throws where there is none.
 */
export function findClientProgram(name: ClientProgram, major?: number): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).map(Number).filter(Number.isInteger) : [];
  const directories = [
    ...versions
      .filter((found) => major === undefined || found === major)
      .sort((left, right) => right - left)
      .map((found) => join(debian, String(found), 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const directory = directories.find((candidate) => existsSync(join(candidate, name)));
  if (directory === undefined) {
    throw new Error(`${name} is not there: looked in ${directories.join(', ')}`);
  }
  return join(directory, name);
}
