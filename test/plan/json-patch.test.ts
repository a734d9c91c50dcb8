import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyOperations, checkedDiff, diff, PatchMismatchError } from '../../src/plan/json-patch.ts';
import { sameJson } from '../../src/plan/same-json.ts';
import { isObject } from '../../src/workload/json.ts';
import type { Json } from '../../src/workload/json.ts';

const key = fc.constantFrom('a', 'b', 'a/b', '~0', '', 'constructor', 'prototype', '__proto__');
const scalar = fc.constantFrom<Json>(null, true, 0, 1, '', 'a', '-c');
const named = (field: string): fc.Arbitrary<Json> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.dictionary(key, scalar, { maxKeys: 2 })), {
      selector: ([name]) => name,
    })
    .map((items) => items.map(([name, more]) => ({ ...more, [field]: name })));
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(scalar, { maxLength: 4 }),
    named('name'),
    named('mountPath'),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(key, tie('json'), { maxKeys: 4 }),
  ),
}));

describe('diff', () => {
  test('applied to the original gives the desired value, whatever both are, and writes to neither', () => {
    fc.assert(
      fc.property(json, json, (original, desired) => {
        const texts = JSON.stringify([original, desired]);
        const operations = diff(original, desired);
        expect(sameJson(applyOperations(original, operations), desired)).toBe(true);
        expect(JSON.stringify([original, desired])).toBe(texts);
        expect(operations.length === 0).toBe(sameJson(original, desired));
        expect(JSON.stringify(diff(original, desired))).toBe(JSON.stringify(operations));
        for (const { op } of operations) expect(['add', 'remove', 'replace']).toContain(op);
      }),
      { numRuns: 3000 },
    );
  });

  const container = (name: string, image: string): Json => ({ name, image });

  test.each<[string, Json, Json, Json[]]>([
    ['nothing', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
    ['another order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }, []],
    ['a value', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, [{ op: 'replace', path: '/a/c', value: 3 }]],
    ['a missing parent: all of it', { a: {} }, { a: { b: { c: 1 } } }, [{ op: 'add', path: '/a/b', value: { c: 1 } }]],
    [
      'a key that needs escaping',
      { m: {} },
      { m: { 'x.io/y~z': '1' } },
      [{ op: 'add', path: '/m/x.io~1y~0z', value: '1' }],
    ],
    ['a key less', { a: 1, b: 2 }, { a: 1 }, [{ op: 'remove', path: '/b' }]],
    ['null is a value', { a: 1 }, { a: null }, [{ op: 'replace', path: '/a', value: null }]],
    [
      'a container at the end',
      { containers: [container('a', '1')] },
      { containers: [container('a', '1'), container('b', '1')] },
      [{ op: 'add', path: '/containers/-', value: container('b', '1') }],
    ],
    [
      'a container in front, and a change in the one that was there',
      { containers: [container('a', '1')] },
      { containers: [container('b', '1'), container('a', '2')] },
      [
        { op: 'add', path: '/containers/0', value: container('b', '1') },
        { op: 'replace', path: '/containers/1/image', value: '2' },
      ],
    ],
    [
      'a container less, and a change behind it',
      { containers: [container('a', '1'), container('b', '1'), container('c', '1')] },
      { containers: [container('a', '1'), container('c', '2')] },
      [
        { op: 'remove', path: '/containers/1' },
        { op: 'replace', path: '/containers/1/image', value: '2' },
      ],
    ],
    [
      'another order: the list',
      { containers: [container('a', '1'), container('b', '1')] },
      { containers: [container('b', '1'), container('a', '1')] },
      [{ op: 'replace', path: '/containers', value: [container('b', '1'), container('a', '1')] }],
    ],
    [
      'mounts of one volume, by their path',
      [{ name: 'pgusher', mountPath: '/a' }],
      [
        { name: 'pgusher', mountPath: '/a' },
        { name: 'pgusher', mountPath: '/b' },
      ],
      [{ op: 'add', path: '/-', value: { name: 'pgusher', mountPath: '/b' } }],
    ],
    ['one argument more', ['-c', 'a=1'], ['-c', 'a=1', 'x'], [{ op: 'add', path: '/-', value: 'x' }]],
    ['several: the list', ['a'], ['a', '-c', 'b=1'], [{ op: 'replace', path: '', value: ['a', '-c', 'b=1'] }]],
    ['one argument other', ['-c', 'a=1'], ['-c', 'a=2'], [{ op: 'replace', path: '/1', value: 'a=2' }]],
    [
      '`__proto__`: the object that has it',
      { a: { ['__proto__']: 1 } },
      { a: {} },
      [{ op: 'replace', path: '/a', value: {} }],
    ],
  ])('says %s', (_, original, desired, operations) => {
    expect(diff(original, desired)).toEqual(operations);
  });

  test('a number that JavaScript cannot hold leaves as it came', () => {
    const huge = JSON.rawJSON('9223372036854775807');
    const operations = diff({ a: 1 }, { a: 1, uid: huge, same: { uid: huge } });
    expect(JSON.stringify(operations)).toContain('{"op":"add","path":"/uid","value":9223372036854775807}');
    expect(diff({ uid: huge }, { uid: JSON.rawJSON('9223372036854775807') })).toEqual([]);
    expect(diff({ uid: huge }, { uid: JSON.rawJSON('9223372036854775806') })).toHaveLength(1);
    expect(sameJson({ uid: huge }, { uid: { rawJSON: '9223372036854775807' } })).toBe(false);
  });

  test('what is not touched is not looked at: the same reference on both sides costs nothing', () => {
    const untouched: Json = new Proxy<{ [key: string]: Json }>(
      {},
      {
        ownKeys: () => {
          throw new Error('looked at');
        },
        get: () => {
          throw new Error('looked at');
        },
      },
    );
    const operations = checkedDiff({ untouched, list: [untouched], a: 1 }, { untouched, list: [untouched, 'b'], a: 2 });
    expect(operations).toEqual([
      { op: 'add', path: '/list/-', value: 'b' },
      { op: 'replace', path: '/a', value: 2 },
    ]);
  });
});

describe('applyOperations', () => {
  test('copies what the path leads through and shares the rest', () => {
    const original = { changed: { deep: [{ x: 1 }] }, shared: { y: 1 } };
    const result = applyOperations(original, [{ op: 'replace', path: '/changed/deep/0/x', value: 2 }]);
    expect(result).toEqual({ changed: { deep: [{ x: 2 }] }, shared: { y: 1 } });
    expect(original.changed.deep).toEqual([{ x: 1 }]);
    expect(isObject(result) && result['shared'] === original.shared).toBe(true);
  });
});

describe('checkedDiff', () => {
  test('does not send a patch that gives something else', () => {
    // A desired object that answers differently each time it is read stands for any fault of ours between diff and check.
    let reads = 0;
    const desired = {
      get a(): Json {
        reads += 1;
        return reads;
      },
    };
    expect(() => checkedDiff({ a: 0 }, desired)).toThrow(PatchMismatchError);
    expect(() => checkedDiff({ a: 0 }, desired)).toThrow(
      /was not sent and the object was not changed.*please report it/,
    );
  });
});
