/**
 * `npm run test:postgres [-- [--all] [arguments of vitest]]`: ring 3, the agent with real servers.
 *
 * `--all`: with every major version of PostgreSQL that Debian has, 13 to 19, from file systems that are made the first time
 * (test/support/debian-postgres.sh), and not only with those that are always tested.
 * Exit code: vitest's.
 */
import { fileURLToPath } from 'node:url';
import { runProgram } from './test/run-program.ts';

const given = process.argv.slice(2);
if (given.includes('--all')) {
  process.env['PGUSHER_TEST_VERSIONS'] = 'all';
}
const { status } = await runProgram(
  'vitest',
  ['run', '--project', 'postgres', ...given.filter((argument) => argument !== '--all')],
  { cwd: fileURLToPath(new URL('..', import.meta.url)), output: 'shown' },
);
process.exitCode = status === -1 ? 1 : status;
