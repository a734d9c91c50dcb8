import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSwitches } from '../../src/workload/server-switches.ts';

function read(...words: readonly string[]) {
  const { parameters, directory } = readSwitches(words.map((text, argument) => ({ text, argument })));
  return { parameters: parameters.map(({ name, value, argument }) => [name, value, argument]), directory };
}

/** The switches of postgres(1), and the parameters that they stand for. */
test.each<readonly [readonly string[], readonly (readonly [string, string, number])[]]>([
  [['-c', 'fsync=off'], [['fsync', 'off', 0]]],
  [['-cfsync=off'], [['fsync', 'off', 0]]],
  [['--fsync=off'], [['fsync', 'off', 0]]],
  [['--SHARED-buffers=1GB'], [['shared_buffers', '1GB', 0]]],
  [['-c', 'search_path=a=b'], [['search_path', 'a=b', 0]]],
  [
    ['-c', 'a.b=1', '-c', 'a.b=2'],
    [
      ['a.b', '1', 0],
      ['a.b', '2', 2],
    ],
  ],
  [['-F'], [['fsync', 'off', 0]]],
  // In no manual, without a value: it hides nothing behind it.
  [['-bF'], [['fsync', 'off', 0]]],
  [['-b', '-F'], [['fsync', 'off', 1]]],
  [
    ['-Fl', '-p5433'],
    [
      ['fsync', 'off', 0],
      ['ssl', 'on', 0],
      ['port', '5433', 1],
    ],
  ],
  [
    ['-Fp', '5433'],
    [
      ['fsync', 'off', 0],
      ['port', '5433', 0],
    ],
  ],
  [
    ['-B', '16384', '-N', '50', '-S', '4096'],
    [
      ['shared_buffers', '16384', 0],
      ['max_connections', '50', 2],
      ['work_mem', '4096', 4],
    ],
  ],
  [['-i'], [['listen_addresses', '*', 0]]],
  [
    ['-h', '', '-k', '/tmp'],
    [
      ['listen_addresses', '', 0],
      ['unix_socket_directories', '/tmp', 2],
    ],
  ],
  [
    ['-e', '-O', '-P', '-s'],
    [
      ['datestyle', 'ISO,European', 0],
      ['allow_system_table_mods', 'on', 1],
      ['ignore_system_indexes', 'on', 2],
      ['log_statement_stats', 'on', 3],
    ],
  ],
  [
    ['-fb', '-f', 'o', '-tpa', '-t', 'executor', '-W', '3'],
    [
      ['enable_bitmapscan', 'off', 0],
      ['enable_indexonlyscan', 'off', 1],
      ['log_parser_stats', 'on', 3],
      ['log_executor_stats', 'on', 4],
      ['post_auth_delay', '3', 6],
    ],
  ],
  [['-d', '5', '-r', '/x', '-C', 'port', '-j', '-E', '-T', '-n', '-F'], [['fsync', 'off', 10]]],
  [['-c', 'fsync'], []],
  [['--fsync'], []],
  [['-c', '=off'], []],
  [['-c'], []],
  [['-f', 'z', '-t', 'z', '-Z', 'y', '-F'], [['fsync', 'off', 6]]],
  [['-p', '1', '--', '-F'], [['port', '1', 0]]],
  [['-p', '1', 'mydb', '-F'], [['port', '1', 0]]],
  [['-'], []],
  [[], []],
])('%j', (words, parameters) => {
  expect(read(...words)).toEqual({ parameters, directory: undefined });
});

test.each([
  [['-D', '/data'], '/data', 0],
  [['-F', '-D/data'], '/data', 1],
  [['-D', '/a', '-D', '/b'], '/b', 2],
  [['-FD', '/data'], '/data', 0],
])('%j starts in %s', (words, path, argument) => {
  expect(read(...words).directory).toEqual({ path, argument });
});

test('any words can be read, and no parameter is without a name', () => {
  const word = fc.oneof(fc.string(), fc.stringMatching(/^-[A-Za-z-]{1,4}[=a-z]{0,4}$/));
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(read(...words).parameters.every(([name]) => name !== '')).toBe(true);
    }),
  );
});
