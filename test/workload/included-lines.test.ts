import { expect, test } from 'vitest';
import { linesOf } from '../../src/workload/included-lines.ts';
import type { Shelf } from '../../src/workload/included-lines.ts';

/** The whole of `/etc/pg` is known, and nothing else. */
function shelf(texts: Readonly<Record<string, string>>): Shelf {
  const file = (name: string) => ({ configMap: 'conf', key: name, text: texts[name] ?? '' });
  return {
    file(path) {
      const name = /^\/etc\/pg\/(.*)$/.exec(path)?.[1];
      if (name === undefined) return undefined;
      return Object.hasOwn(texts, name) ? file(name) : 'absent';
    },
    folder(path) {
      const prefix = `${path}/`.replace('/etc/pg/', '');
      const names = Object.keys(texts).filter((name) => name.startsWith(prefix));
      return {
        files: new Map(names.map((name) => [name.slice(prefix.length), file(name)])),
        isWhole: path.startsWith('/etc/pg'),
      };
    },
  };
}

function read(texts: Readonly<Record<string, string>>): object {
  const found = linesOf('/etc/pg/main.conf', shelf(texts));
  return {
    lines: found?.lines.map(({ text }) => text),
    unread: found?.unread.map(({ directive, path }) => [directive, path]),
  };
}

/** `postgres -C` of 15 says the same of these files. */
test('what is included stands where the directive stands, relative to its file', () => {
  expect(
    read({
      'main.conf': "port = 1\ninclude 'sub.conf'\nwork_mem = 5MB\ninclude_dir 'c.d'\nInclude_If_Exists = 'also.conf'",
      'sub.conf': 'port = 2',
      'also.conf': 'max_connections = 33',
      'z.conf': 'wal_buffers = 4MB',
      'c.d/a.conf': "include '../z.conf'",
      'c.d/b.conf': 'work_mem = 6MB',
      'c.d/B.conf': 'work_mem = 7MB',
      'c.d/.x.conf': 'port = 9',
      'c.d/y.txt': 'port = 8',
    }),
  ).toEqual({
    lines: [
      'port = 1',
      'port = 2',
      'work_mem = 5MB',
      'work_mem = 7MB',
      'wal_buffers = 4MB',
      'work_mem = 6MB',
      'max_connections = 33',
    ],
    unread: [],
  });
});

test.each<readonly [string, readonly (readonly string[])[]]>([
  ["include '/elsewhere/x.conf'", [['include', '/elsewhere/x.conf']]],
  ['include_if_exists = /elsewhere/x.conf # why', [['include_if_exists', '/elsewhere/x.conf']]],
  ["include_dir '/elsewhere'", [['include_dir', '/elsewhere']]],
  ["include 'missing.conf'", [['include', '/etc/pg/missing.conf']]],
  // That it is not there is known.
  ["include_if_exists 'missing.conf'", []],
  ["include_dir 'empty.d'", []],
  ["# include 'x.conf'", []],
  ["included = 'x.conf'", []],
])('%s leaves unread %j', (line, unread) => {
  expect(read({ 'main.conf': line })).toMatchObject({ unread });
});

test('files that include one another in circles end', () => {
  const texts = { 'main.conf': "include 'main.conf'\n".repeat(50) };
  expect(read(texts)).toEqual({ lines: expect.any(Array) as string[], unread: [] });
});
