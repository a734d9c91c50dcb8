import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { readServers } from './write-parameters/read-servers.ts';
import type { ServerParameters } from './write-parameters/read-servers.ts';

/**
 * Writes src/workload/parameter-names.ts from the servers themselves:
 *
 *   node scripts/write-parameters.ts PLACE...
 *
 * PLACE is a program `postgres` with `initdb` beside it, or the root directory of a Debian file system as
 * test/support/debian-postgres.sh makes it. One of each major; a major that is not given is not in the table, and nothing
 * is said of its parameters. As root it runs them as the user `postgres`.
 */

const target = fileURLToPath(new URL('../src/workload/parameter-names.ts', import.meta.url));

const places = process.argv.slice(2);
if (places.length === 0) {
  console.error('wanted the programs or file systems to ask: node scripts/write-parameters.ts PLACE...');
  process.exit(2);
}
const servers = readServers(places);
const text = `${head(servers)}
export const parameterNames: Readonly<Record<string, string>> = ${table(servers, 'settable')};

/** The server tells them and nobody can set them: "cannot be changed", and it does not start. */
export const readOnlyParameters: Readonly<Record<string, string>> = ${table(servers, 'readOnly')};
`;
const style = await resolveConfig(target);
writeFileSync(target, await format(text, { ...style, filepath: target }));
console.log(`${target}: ${servers.map(({ version }) => version).join(', ')}`);

function head(all: readonly ServerParameters[]): string {
  return `/**
 * Written by scripts/write-parameters.ts; not by hand. The names of PostgreSQL's own parameters by major, asked of
 * ${all.map(({ version }) => version).join(', ')}.
 *
 * Not from \`postgres --describe-config\`, which leaves out what is not in postgresql.conf.sample (zero_damaged_pages,
 * block_size): from pg_settings, and from \`postgres -C\` for what that does not show (older names, role).
 */

/** Of these majors the tables are whole; of others nothing is known. */
export const knownMajors: readonly number[] = ${JSON.stringify(all.map(({ major }) => major))};

/** Name → the majors that have it; \`all\` for each of \`knownMajors\`. */`;
}

function table(all: readonly ServerParameters[], which: 'settable' | 'readOnly'): string {
  const names = [...new Set(all.flatMap((server) => [...server[which]]))].sort();
  const rows = names.map((name) => {
    const majors = all.filter((server) => server[which].has(name)).map(({ major }) => major);
    return `${JSON.stringify(name)}: '${majors.length === all.length ? 'all' : majors.join(' ')}'`;
  });
  return `{\n${rows.join(',\n')},\n}`;
}
