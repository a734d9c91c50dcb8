import { expect, test } from 'vitest';
import { execCommands, runsProgram } from '../../src/checks/start/handler-commands.ts';

test.each([
  [['psql', '-c', 'SELECT 1'], true],
  [['/usr/bin/psql'], true],
  [['sh', '-c', 'exec psql -Atc "SELECT 1"'], true],
  [['bash', '-ec', 'PGPASSWORD=x psql -c "SELECT 1" | grep 1'], true],
  [['sh', '-c', 'test "$(psql -Atc "SELECT 1")" = 1'], true],
  [['sh', '-c', 'if ! timeout 5 psql -c "SELECT 1"; then exit 1; fi'], true],
  [['sh', '-c', 'cat <<END\npsql\nEND\n'], false],
  [['bash', '-euo', 'pipefail', '-c', 'psql'], true],
  [['sh', '-c', 'ask() { psql; }; ask'], true],
  [['sh', '-c', 'ask() { psql; }'], false],
  [['sh', '-c', 'command -v psql'], false],
  [['su', 'postgres', '-c', 'psql -c "SELECT 1"'], true],
  [['gosu', 'postgres', 'psql'], true],
  [['pg_isready'], false],
  [['sh', '-c', 'exec pg_isready -U psql'], false],
  [['sh', '-c', '# psql\npg_isready'], false],
  [['test', '-e', '/var/lib/psql'], false],
  [['cat', 'psql'], false],
  [[], false],
])('%j runs psql: %s', (command, expected) => {
  expect(execCommands({ exec: { command } }).some((words) => runsProgram(words, ['psql']))).toBe(expected);
});

test('a command begins behind assignments and the words of the shell', () => {
  const commands = execCommands({ exec: { command: ['sh', '-c', 'if ! A=b exec psql -c x=1; then B=c; fi'] } });
  expect(commands).toEqual([['psql', '-c', 'x=1']]);
});
