import { expect, test } from 'vitest';
import { sameJson } from '../../src/plan/same-json.ts';
import type { Json } from '../../src/workload/json.ts';

test.each<[Json, Json, boolean]>([
  [{ a: 1, b: [null] }, { b: [null], a: 1 }, true],
  [[1, 2], [2, 1], false],
  [{ a: 1 }, { a: 1, b: 1 }, false],
  [{ a: 1, b: 1 }, { a: 1 }, false],
  [{ a: null }, {}, false],
  [{}, [], false],
  [0, '0', false],
  [null, {}, false],
  [JSON.parse('{"__proto__":{}}') as Json, {}, false],
  [{}, JSON.parse('{"__proto__":{}}') as Json, false],
  [{ constructor: 1 }, {}, false],
  [{ toString: {} }, {}, false],
])('%j and %j: %s', (a, b, same) => {
  expect(sameJson(a, b)).toBe(same);
});

test('a key that holds undefined is absent', () => {
  expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameJson({ a: 1 }, { a: 1, b: undefined })).toBe(true);
});
