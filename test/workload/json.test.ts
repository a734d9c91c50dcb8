import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { isObject, listAt, numberAt, objectAt, objectsAt, textAt, textsAt } from '../../src/workload/json.ts';
import { managedLabel } from '../../src/workload/read-settings.ts';

test('what is missing or of another type is empty, never an error', () => {
  const messy: JsonObject = { object: null, list: {}, text: 5, number: '5', mixed: [null, 1, 'a', {}, []] };
  expect(objectAt(messy, 'object')).toEqual({});
  expect(objectAt(messy, 'mixed')).toEqual({});
  expect(listAt(messy, 'list')).toEqual([]);
  expect([textAt(messy, 'text'), numberAt(messy, 'number'), textAt(undefined, 'text')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(objectsAt(messy, 'mixed')).toEqual([{}]);
  expect(textsAt(messy, 'mixed')).toEqual(['a']);
});

test('a number that is kept as text is no object', () => {
  expect([isObject(JSON.rawJSON('1e400')), isObject({}), isObject([]), isObject(null)]).toEqual([
    false,
    true,
    false,
    false,
  ]);
});

test('what every object inherits is not in it', () => {
  expect(objectAt({}, 'constructor')).toEqual({});
  expect(objectAt({}, '__proto__')).toEqual({});
  expect(managedLabel({})).toBe('absent');
});
