import { describe, expect, test } from 'vitest';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import type { Json } from '../../src/workload/json.ts';

function values(text: string): readonly Json[] {
  const read = readManifests(text);
  if (read.kind === 'unreadable') throw new Error(read.message);
  return read.documents.map((document) => document.value);
}

describe('manifests are read as kubectl reads them', () => {
  test.each<[text: string, value: Json]>([
    ['a: 0644', { a: 420 }],
    ['a: on\nb: No\nc: "on"', { a: true, b: false, c: 'on' }],
    ['a: 2026-01-01\nb: 12:30\nc: 1_000', { a: '2026-01-01', b: '12:30', c: 1000 }],
    ['a: ~\nb:\nc: ""', { a: null, b: null, c: '' }],
    ['8080: x', { '8080': 'x' }],
    ['a: e2\nb: .\nc: -e5\nd: 1e400\ne: "e2"', { a: 'e2', b: '.', c: '-e5', d: '1e400', e: 'e2' }],
    ['a: 0o644\nb: 0O7\nc: 0B101\nd: 0X1F\ne: 0x1f\nf: 0x_', { a: 420, b: 7, c: 5, d: 31, e: 31, f: '0x_' }],
    ['a: 1e3\nb: .5\nc: 5.\nd: 1_0.5\ne: -1.5e-1', { a: 1000, b: 0.5, c: 5, d: 10.5, e: -0.15 }],
    ['a: !!binary aGVsbG8=\nb: !!timestamp 2026-11-29', { a: 'hello', b: '2026-11-29' }],
    ['a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}', { a: { b: 1 }, c: { b: 1 }, d: { b: 1, e: 2 } }],
    ['{"a": "\\ud83d\\ude00\\/"}', { a: '😀/' }],
    ['\uFEFFa: 1\r\nb: |\r\n  x\r\n', { a: 1, b: 'x\n' }],
  ])('%j', (text, value) => {
    expect(values(text)).toEqual([value]);
  });

  test('an integer that JavaScript cannot hold is kept as it was written', () => {
    expect(JSON.stringify(values('a: 123456789012345678901')[0])).toBe('{"a":123456789012345678901}');
  });

  test('a key named __proto__ is a key like any other', () => {
    const [value] = values('__proto__: {a: 1}');
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  });

  test('the sources of the documents, joined, are the text', () => {
    const text = '# one\na: 1\n--- # two\n---\nb: 1\n...\n# three\n---\nc: [1]';
    const read = readManifests(text);
    expect(read.kind === 'read' && read.documents.map((document) => document.source).join('')).toBe(text);
    expect(values(text)).toEqual([{ a: 1 }, null, { b: 1 }, { c: [1] }]);
  });

  test.each([
    ['', []],
    ['# nothing\n', []],
    ['---\n---\n', [null, null]],
  ])('%j holds no object', (text, expected) => {
    expect(values(text)).toEqual(expected);
  });
});

describe('what cannot be read says where and why', () => {
  test.each([
    ['a: 1\nb: [1\nc: 2\n', 3, 1, 'Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['x: 1\n---\na: 1\na: 2\n', 4, 1, 'Map keys must be unique'],
    ['a: *nobody\n', 1, 1, 'Unresolved alias (the anchor must be set before the alias): nobody'],
    ['a:\n\tb: 1\n', 2, 1, 'Tabs are not allowed as indentation'],
    ['a: .inf\n', 1, 1, 'Infinity is not a number that JSON has'],
    ['a: "x\n', 2, 1, 'Missing closing "quote'],
  ])('%j', (text, line, column, message) => {
    expect(readManifests(text)).toMatchObject({ kind: 'unreadable', line, column, message });
  });

  test('aliases that grow without bound are refused, not followed', () => {
    const rows = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let row = 1; row < 9; row++)
      rows.push(`a${row}: &a${row} [${Array.from({ length: 10 }, () => `*a${row - 1}`).join(', ')}]`);
    expect(readManifests(rows.join('\n'))).toMatchObject({
      kind: 'unreadable',
      message: 'Excessive alias count indicates a resource exhaustion attack',
    });
  });

  test('nesting without end is refused, not followed', () => {
    expect(readManifests('['.repeat(50_000))).toMatchObject({ kind: 'unreadable', line: 1 });
  });
});

test.each([
  ['{"a": 1}\n{"b": 2}\n', [{ a: 1 }, { b: 2 }]],
  ['{"a":1}{"b":"}{"}  {"c":{"d":"\\"}{"}}', [{ a: 1 }, { b: '}{' }, { c: { d: '"}{' } }]],
])('JSON objects one after another are documents: %j', (text, values) => {
  const read = readManifests(text);
  expect(read).toMatchObject({ kind: 'read', language: 'json' });
  const documents = read.kind === 'read' ? read.documents : [];
  expect(documents.map(({ value }) => value)).toEqual(values);
  expect(documents.map(({ source }) => source).join('')).toBe(text);
});

test('in one of several JSON objects a fault has its place in the file', () => {
  expect(readManifests('{"a": 1}\n{"b": 2,\n "b": 3}')).toMatchObject({ kind: 'unreadable', line: 3, column: 2 });
  expect(readManifests('{"a": 1} {"b": 2, "b": 3}')).toMatchObject({ kind: 'unreadable', line: 1, column: 19 });
});

test.each([
  ['e:\n  b: 3\n  <<: *d\n', { b: 2 }],
  ['e:\n  <<: *d\n  b: 3\n', { b: 3 }],
  ['e:\n  b: 3\n  <<: [{ b: 4, c: 5 }, *d]\n', { b: 4, c: 5 }],
  ['e: { <<: *d, c: 1 }\n', { b: 2, c: 1 }],
])('`<<` overrides what stands before it and nothing behind it: %j', (text, e) => {
  const read = readManifests(`d: &d { b: 2 }\n${text}`);
  expect(read.kind === 'read' ? read.documents[0]?.value : read).toEqual({ d: { b: 2 }, e });
});

test.each([
  ['a: 1\na: 2\n', { a: 2 }, [{ line: 2, column: 1 }]],
  ['m:\n  b: { x: 1 }\n  "b": 3\n', { m: { b: 3 } }, [{ line: 3, column: 3 }]],
  ['{"a": 1, "a": 2}', { a: 2 }, [{ line: 1, column: 10 }]],
])('a key that stands twice: the last, where nothing is written anew: %j', (text, value, places) => {
  expect(readManifests(text).kind).toBe('unreadable');
  const read = readManifests(text, 'last');
  expect(read).toMatchObject({ kind: 'read', repeatedKeys: places });
  expect(read.kind === 'read' ? read.documents[0]?.value : read).toEqual(value);
});

/** go.yaml.in/yaml/v2 wants no indentation within quotes; the lines of what follows are those of the file. */
test.each<[text: string, value: Json]>([
  ['a:\n  b:\n    c: "one\n  two"\n    d: 1\n', { a: { b: { c: 'one two', d: 1 } } }],
  ["a:\n  b: 'one\nit''s two'\n  d: 1\n", { a: { b: "one it's two", d: 1 } }],
  ['a:\n  - "x\\\ny"\n  - {k: "q\n\nr", z: 1}\n', { a: ['xy', { k: 'q\nr', z: 1 }] }],
  ['a: "one\ntwo"\n', { a: 'one two' }],
])('quoted text may go on left of its key: %j', (text, value) => {
  expect(values(text)).toEqual([value]);
  const read = readManifests(text);
  const lines = read.kind === 'read' ? read.documents.map(({ source }) => source.split('\n').length) : [];
  expect(lines).toEqual([text.split('\n').length]);
});

test.each<[text: string, value: Json]>([
  ['a: [\nb\n]\n', { a: ['b'] }],
  ['a:\n  args: [\n    "-c"\n ]\n  d: 1\n', { a: { args: ['-c'], d: 1 } }],
  ['a:\n  args: [\n  "-c",\n  "x"\n  ]\n', { a: { args: ['-c', 'x'] } }],
  ['x:\n  - a: [1,\n2]\n    b: {\nc: 3 }\n  - d\n', { x: [{ a: [1, 2], b: { c: 3 } }, 'd'] }],
])('a list or map in brackets may go on left of its key: %j', (text, value) => {
  expect(values(text)).toEqual([value]);
});

test('a bracket that nobody closes is said where it is, however much follows', () => {
  const read = readManifests(`kind: A\nargs: [\n"x"\nspec:\n  a: 1\n---\n${'b: 1\n'.repeat(500)}`);
  expect(read).toMatchObject({ kind: 'unreadable', line: 3 });
});
