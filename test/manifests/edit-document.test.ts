import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { editDocument } from '../../src/manifests/edit-document.ts';
import type { EditedDocument } from '../../src/manifests/edit-document.ts';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import type { ManifestDocument } from '../../src/manifests/read-manifests.ts';
import { readOptions } from '../../src/manifests/yaml-dialect.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { isObject } from '../../src/workload/json.ts';

function onlyDocument(text: string): ManifestDocument {
  const read = readManifests(text);
  if (read.kind === 'unreadable') throw new Error(read.message);
  const document = read.documents[0];
  if (document === undefined || read.documents.length !== 1) throw new Error('one document is wanted');
  return document;
}

/** `text` with the value that `change` makes of its value. */
function edited(text: string, change: (value: JsonObject) => Json): EditedDocument {
  const document = onlyDocument(text);
  if (!isObject(document.value)) throw new Error('an object is wanted');
  return editDocument(document, change(document.value));
}

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

describe('a document is edited line by line', () => {
  test('a new key goes to the end of its mapping, in front of the comments that follow', () => {
    const text = lines('a: 1   # one', 'b:', '    c: "x"', '', '    # about d', 'd: 2', '# end');
    expect(edited(text, (value) => ({ ...value, b: { c: 'x', e: [1] } }))).toEqual({
      by: 'lines',
      text: lines('a: 1   # one', 'b:', '    c: "x"', '    e:', '        - 1', '', '    # about d', 'd: 2', '# end'),
      writtenOut: [],
    });
  });

  test('a value on one line leaves the comment behind it', () => {
    expect(edited(lines('grace:   30 # seconds'), () => ({ grace: 300 })).text).toBe(lines('grace:   300 # seconds'));
  });

  test('an empty list gets its items below, and keeps its comment', () => {
    const text = lines('env: []   # none', 'x: 1');
    expect(edited(text, (value) => ({ ...value, env: [{ name: 'A', value: 'on' }] })).text).toBe(
      lines('env:   # none', '  - name: A', '    value: "on"', 'x: 1'),
    );
  });

  test('a list that becomes empty leaves the comment behind its key', () => {
    expect(edited(lines('env:   # none', '  - name: A', 'x: 1'), () => ({ env: [], x: 1 })).text).toBe(
      lines('env: []   # none', 'x: 1'),
    );
  });

  test('a key without value gets one', () => {
    expect(edited(lines('a:', 'b: # nothing', 'c: 1'), (value) => ({ ...value, a: { x: 1 }, b: 2 })).text).toBe(
      lines('a:', '  x: 1', 'b: 2 # nothing', 'c: 1'),
    );
  });

  test.each([
    ['null', null, { a: 1 }],
    ['~', null, { a: 1 }],
    ['  Null   # why', null, { a: 1 }],
    ['!!null null', null, 3],
    ['', null, 3],
    ['   # why', null, [1]],
    ['[ ]', [], [1]],
    ['  []', [], [1]],
    ['{ } # none', {}, { a: 1 }],
    ['0x1e', 30, 300],
    ['0x1e # seconds', 30, 300],
    ['"quoted"', 'quoted', 'other'],
    ["'quoted' # why", 'quoted', 'other'],
    ['"\\x41"', 'A', 'B'],
    ['{b: ~}', { b: null }, { b: { c: 1 } }],
    ['{ b: {c: } } # d', { b: { c: null } }, { b: { c: [1] } }],
  ] as const)('what is replaced and put back is as it was written: %j', (written, before, after) => {
    const text = lines('x: 1', `k: ${written}`, 'z: 2');
    const there = edited(text, (value) => ({ ...value, k: after }));
    expect(onlyDocument(there.text).value).toEqual({ x: 1, k: after, z: 2 });
    const back = editDocument(onlyDocument(there.text), { x: 1, k: before, z: 2 });
    expect(back).toEqual({ text, by: 'lines', writtenOut: [] });
  });

  test('where the value does not say how it was written, a comment does', () => {
    const text = lines('lifecycle: ~', 'grace: 0x1e # seconds');
    expect(edited(text, () => ({ lifecycle: { preStop: 1 }, grace: 300 })).text).toBe(
      lines('lifecycle: # pgusher: was ~', '  preStop: 1', 'grace: 300 # pgusher: was 0x1e # seconds'),
    );
    // Another value than the noted one is a new value.
    expect(edited(lines('grace: 300 # pgusher: was 0x1e'), () => ({ grace: 20 })).text).toBe(
      lines('grace: 20 # pgusher: was 0x1e'),
    );
  });

  test('a key that loses its value is left as charts write it', () => {
    const text = lines('a:', 'b: # nothing', 'c: 1');
    const filled = edited(text, (value) => ({ ...value, a: { x: 1 }, b: [2] })).text;
    expect(filled).toBe(lines('a:', '  x: 1', 'b: # nothing', '  - 2', 'c: 1'));
    expect(edited(filled, (value) => ({ ...value, a: null, b: null })).text).toBe(text);
  });

  test('list items are found by name, and stand where the lists of the document stand', () => {
    const text = lines('list:', '- name: a # first', '- name: b', '  image: x');
    const list = [{ name: 'a' }, { name: 'new' }, { name: 'b', image: 'z' }];
    expect(edited(text, () => ({ list })).text).toBe(
      lines('list:', '- name: a # first', '- name: new', '- name: b', '  image: z'),
    );
  });

  test('a pair and an item are taken out with their lines only', () => {
    const text = lines(
      '# a',
      'a: 1',
      '# list',
      'list:',
      '  - x',
      '  # y',
      '  - y:',
      '      z: 1',
      '  - last',
      'end: 1',
    );
    expect(edited(text, () => ({ list: ['x', 'last'], end: 1 })).text).toBe(
      lines('# a', '# list', 'list:', '  - x', '  # y', '  - last', 'end: 1'),
    );
  });

  test('the first key of an item is taken out, and the next moves up to the dash', () => {
    expect(edited(lines('l:', '  - name: a', '    value: b'), () => ({ l: [{ value: 'b' }] })).text).toBe(
      lines('l:', '  - value: b'),
    );
  });

  test('flow collections stay flow collections', () => {
    const text = lines('r: {limits: {cpu: 1}, x: [a, b]} # r', 'args: [', '  one,', '  two', ']');
    const value = { r: { limits: { cpu: 1, memory: '1Gi' }, x: ['b'] }, args: ['one', 'two', 'on'] };
    expect(edited(text, () => value).text).toBe(
      lines('r: {limits: {cpu: 1, memory: 1Gi}, x: [b]} # r', 'args: [', '  one,', '  two,', '  "on"', ']'),
    );
  });

  test('text of several lines is printed as a literal block', () => {
    expect(edited(lines('a: 1'), () => ({ a: 1, script: 'set -eu\necho "$1"\n' })).text).toBe(
      lines('a: 1', 'script: |', '  set -eu', '  echo "$1"'),
    );
  });

  test('numbers that JavaScript cannot hold stay as they were written', () => {
    const text = lines('big: 123456789012345678901', 'mode: 0644', 'version: 1.10', 'b: 1');
    expect(edited(text, (value) => ({ ...value, b: 2 })).text).toBe(text.replace('b: 1', 'b: 2'));
    expect(edited(text, (value) => ({ copy: value['big'] ?? null, ...value })).text).toBe(
      `${text}copy: 123456789012345678901\n`,
    );
  });

  test('Windows line ends stay, and are used', () => {
    const text = '# c\r\na:\r\n  b: 1\r\nt: |\r\n  x\r\n';
    expect(edited(text, (value) => ({ ...value, a: { b: 1, c: { d: 2 } } })).text).toBe(
      '# c\r\na:\r\n  b: 1\r\n  c:\r\n    d: 2\r\nt: |\r\n  x\r\n',
    );
  });

  test('a byte order mark, document markers, tabs in comments and a missing last line break stay', () => {
    expect(edited('\uFEFF--- # here\n#\ttab\na: 1\t# tab', (value) => ({ ...value, b: 2 })).text).toBe(
      '\uFEFF--- # here\n#\ttab\na: 1\t# tab\nb: 2',
    );
  });

  test('a document end marker stays last', () => {
    expect(edited('a: 1\n...\n', (value) => ({ ...value, b: 2 })).text).toBe('a: 1\nb: 2\n...\n');
  });
});

describe('anchors', () => {
  test('an edit inside an anchor writes out its aliases, which keep their value', () => {
    const text = lines('x: &labels', '  app: db', 'same: *labels # same', 'other: *labels');
    expect(
      edited(text, () => ({ x: { app: 'db', new: 1 }, same: { app: 'db' }, other: { app: 'db', own: 2 } })),
    ).toEqual({
      by: 'lines',
      text: lines(
        'x: &labels',
        '  app: db',
        '  new: 1',
        'same: # same',
        '  app: db',
        'other:',
        '  app: db',
        '  own: 2',
      ),
      writtenOut: ['labels'],
    });
  });

  test('an alias that changes is written out, the anchor stays', () => {
    const text = lines('x: &e', '  - name: A', 'other: *e');
    expect(edited(text, () => ({ x: [{ name: 'A' }], other: [{ name: 'A' }, { name: 'B' }] })).text).toBe(
      lines('x: &e', '  - name: A', 'other:', '  - name: A', '  - name: B'),
    );
  });

  test('a key that came through << is overridden, the rest still comes through it', () => {
    const text = lines('base: &b', '  a: 1', '  c: 2', 'x:', '  <<: *b', '  d: 3');
    expect(edited(text, (value) => ({ ...value, x: { a: 9, c: 2, d: 3 } })).text).toBe(`${text}  a: 9\n`);
  });

  test('a key that came through << and has to go has the mapping written out', () => {
    const text = lines('base: &b', '  a: 1', '  c: 2', 'x:', '  <<: *b # merged', '  d: 3');
    expect(edited(text, (value) => ({ ...value, x: { c: 2, d: 3 } }))).toEqual({
      by: 'lines',
      text: lines('base: &b', '  a: 1', '  c: 2', 'x:', '  c: 2', '  d: 3'),
      writtenOut: ['b'],
    });
  });

  test('an edit inside an anchor that is merged elsewhere keeps the comments, but not the layout', () => {
    const text = lines('base: &b', '  a: 1   # kept', 'x:', '  <<: *b');
    expect(edited(text, () => ({ base: { a: 2 }, x: { a: 1 } }))).toEqual({
      by: 'tree',
      text: lines('base:', '  a: 2', 'x:', '  a: 1'),
      writtenOut: [],
    });
  });

  test('an edit next to an anchor leaves its aliases', () => {
    const text = lines('meta:', '  labels: &l', '    app: db', 'list:', '- &i', '  a: 1', 'same: *l', 'item: *i');
    const change = (value: JsonObject): JsonObject => ({
      ...value,
      meta: { labels: { app: 'db' }, new: 1 },
      list: [{ a: 1 }, 'b'],
    });
    expect(edited(text, change)).toEqual({
      by: 'lines',
      text: lines(
        'meta:',
        '  labels: &l',
        '    app: db',
        '  new: 1',
        'list:',
        '- &i',
        '  a: 1',
        '- b',
        'same: *l',
        'item: *i',
      ),
      writtenOut: [],
    });
  });

  test('an anchor that goes with what holds it has its aliases written out', () => {
    expect(edited(lines('a:', '  x: &x [1]', 'b: *x'), () => ({ b: [1] }))).toEqual({
      by: 'lines',
      text: lines('b:', '  - 1'),
      writtenOut: ['x'],
    });
  });

  test('an override of a key that comes through << is taken out again', () => {
    const text = lines('base: &b', '  l: [1]', 'x:', '  <<: *b', '  d: 3');
    const added = edited(text, (value) => ({ ...value, x: { l: [1, 2], d: 3 } })).text;
    expect(added).toBe(`${text}${lines('  l:', '    - 1', '    - 2')}`);
    expect(edited(added, (value) => ({ ...value, x: { l: [1], d: 3 } })).text).toBe(text);
  });
});

describe('JSON stays JSON', () => {
  test('on one line', () => {
    expect(edited('{"a":1,"big":12345678901234567890}', (value) => ({ ...value, b: [true] })).text).toBe(
      '{"a":1,"big":12345678901234567890, "b": [true]}',
    );
  });

  test('on several lines, indented as it is', () => {
    const text = '{\n    "a": {\n        "x": 1.50\n    },\n    "l": []\n}\n';
    expect(edited(text, () => ({ a: { x: 1.5, y: { z: 'é' } }, l: ['q'] })).text).toBe(
      '{\n    "a": {\n        "x": 1.50,\n        "y": {\n            "z": "é"\n        }\n    },\n    "l": ["q"]\n}\n',
    );
  });
});

const scalar = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.stringMatching(/^[a-z0-9:.# -]{0,8}$/),
  fc.constantFrom('on', '0644', 'a\nb\n', 'a\n\n', ' x', '1e3', '~', '2026-01-01', '12:30', '# no', 'a: b', '- a'),
);

/** `<<` is left out: it is no key, and the YAML library writes a text that looks like it without quotes. */
const key = fc
  .oneof(
    fc.stringMatching(/^[a-z]{1,5}$/),
    fc.string({ maxLength: 6 }),
    fc.constantFrom('constructor', '__proto__', 'toString'),
  )
  .filter((text) => text !== '<<');

/** Values as manifests have them, lists of named objects included. */
const { map: manifest } = fc.letrec<{ value: Json; map: JsonObject; list: Json; named: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, tie('map'), tie('list'), tie('named')),
  map: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  list: fc.array(tie('value'), { maxLength: 4 }),
  named: fc.array(fc.record({ name: fc.stringMatching(/^[a-c]$/), value: tie('value') }), { maxLength: 4 }),
}));

const layouts = fc.record({
  indent: fc.constantFrom(2, 4),
  indentSeq: fc.boolean(),
  collectionStyle: fc.constantFrom('any' as const, 'flow' as const),
});

describe('for any two values', () => {
  test('what is written reads back as what was wanted', () => {
    fc.assert(
      fc.property(manifest, manifest, layouts, fc.boolean(), (before, after, layout, windows) => {
        const yaml = stringify(before, { ...readOptions, ...layout, lineWidth: 0 });
        const document = onlyDocument(windows ? yaml.replaceAll('\n', '\r\n') : yaml);
        // editDocument compares by itself and throws otherwise; this reads it once more, from outside.
        expect(onlyDocument(editDocument(document, after).text).value).toEqual(after);
      }),
      { numRuns: 150 },
    );
  });

  test('a key that is added and taken out again leaves every byte as it was', () => {
    fc.assert(
      fc.property(manifest, manifest, layouts, (before, added, layout) => {
        const value: JsonObject = { first: 1, ...before };
        const text = stringify(value, { ...readOptions, ...layout, lineWidth: 0 });
        const document = onlyDocument(text);
        const once = editDocument(document, { ...value, 'zz-added': added });
        expect(once.by).toBe('lines');
        expect(editDocument(onlyDocument(once.text), value)).toEqual({ text, by: 'lines', writtenOut: [] });
      }),
      { numRuns: 150 },
    );
  });

  test('lines that are not part of the change are not changed', () => {
    fc.assert(
      fc.property(manifest, manifest, fc.nat(), layouts, (user, added, seed, layout) => {
        const value: JsonObject = {
          first: user,
          spec: { containers: [{ name: 'a', env: [{ name: 'X' }] }, { name: 'b' }] },
          last: user,
        };
        const text = withComments(
          stringify(value, { ...readOptions, ...layout, collectionStyle: 'any', lineWidth: 0 }),
          seed,
        );
        const wanted = {
          ...value,
          spec: {
            containers: [
              { name: 'a', env: [{ name: 'X' }, { name: 'PGDATA', value: added }] },
              { name: 'b' },
              { name: 'c' },
            ],
          },
        };
        const result = editDocument(onlyDocument(text), wanted);
        expect(result.by).toBe('lines');
        const left = result.text.split('\n');
        // Every line of the source is still there, in order.
        for (const line of text.split('\n')) {
          const at = left.indexOf(line);
          expect(at, `line ${JSON.stringify(line)}`).toBeGreaterThanOrEqual(0);
          left.splice(0, at + 1);
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** Comments in front of keys of the outer levels. */
function withComments(text: string, seed: number): string {
  return text
    .split('\n')
    .map((line, index) =>
      /^(first|spec|last| {2}containers):/.test(line) && (seed + index) % 2 === 0 ? `# ${line}\n${line}` : line,
    )
    .join('\n');
}
