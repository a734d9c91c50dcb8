import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonErrorOffset } from '../../src/admission/json-error.ts';
import { readJson } from '../../src/admission/read-json.ts';

function valueOf(text: string): unknown {
  const read = readJson(text);
  if (read.kind === 'not-json') throw new Error(read.message);
  return read.value;
}

describe('numbers', () => {
  test.each([
    '[9007199254740993]',
    '{"a":-9223372036854775808}',
    '[18446744073709551615,1]',
    '[1e400]',
    '[-1E+999]',
    '[0.1234567890123456789]',
    '[123456789012.34567890]',
    '{"deep":[{"n": 9007199254740993}]}',
  ])('%s is written back as it was read', (text) => {
    expect(JSON.stringify(valueOf(text))).toBe(text.replace(' ', ''));
  });

  test.each([
    ['[1,-2,0.5]', [1, -2, 0.5]],
    ['[1700000000000,9007199254740991,1e3]', [1_700_000_000_000, 9_007_199_254_740_991, 1000]],
    ['{"a":"9007199254740993 in a text","b":1}', { a: '9007199254740993 in a text', b: 1 }],
    ['{"a":": 9007199254740993","b":9007199254740991}', { a: ': 9007199254740993', b: 9_007_199_254_740_991 }],
  ])('%s are plain numbers and texts', (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });
});

test('a number of 16 digits or a great power is found wherever it stands', () => {
  for (let before = 0; before < 40; before += 1) {
    for (const number of ['9007199254740993', '-9007199254740993', '1e309', '0.12345678901234567']) {
      const text = `["${'x'.repeat(before)}",${number},"9.5"]`;
      expect(JSON.stringify(valueOf(text))).toBe(text);
    }
  }
});

test('a key __proto__ is data like any other', () => {
  const text = '{"labels":{"__proto__":"x","n":9007199254740993},"__proto__":{"polluted":true}}';
  expect(JSON.stringify(valueOf(text))).toBe(text);
  expect(Object.prototype).not.toHaveProperty('polluted');
});

test('every JSON value reads as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.stringify(valueOf(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

describe('a text that is no JSON is told with its place', () => {
  test.each([
    ['', 'is empty; wanted an AdmissionReview as JSON'],
    [' \n', 'is empty; wanted an AdmissionReview as JSON'],
    ['{"a":"b', 'is not JSON: it ends too early at line 1, column 8'],
    ['{"a": tru}', 'is not JSON: unexpected "}" at line 1, column 10'],
    ['{\n  "a": 1,\n}', 'is not JSON: unexpected "}" at line 3, column 1'],
    ['[1,]', 'is not JSON: unexpected "]" at line 1, column 4'],
    ['[1 2]', 'is not JSON: unexpected "2" at line 1, column 4'],
    ['{"a" 1}', 'is not JSON: unexpected "1" at line 1, column 6'],
    ['{} {}', 'is not JSON: unexpected "{" at line 1, column 4'],
    ['apiVersion: v1', 'is not JSON: unexpected "a" at line 1, column 1'],
    ['\ufeff{}', 'is not JSON: unexpected "\ufeff" at line 1, column 1'],
    ['["a\\x"]', 'is not JSON: unexpected "\\\\" at line 1, column 4'],
    ['["a\tb"]', 'is not JSON: unexpected "\\t" at line 1, column 4'],
    ['[01]', 'is not JSON: unexpected "1" at line 1, column 3'],
    ['[-]', 'is not JSON: unexpected "]" at line 1, column 3'],
    ['[1.]', 'is not JSON: unexpected "]" at line 1, column 4'],
    ['[1.e5]', 'is not JSON: unexpected "e" at line 1, column 4'],
  ])('%j', (text, message) => {
    expect(readJson(text)).toEqual({ kind: 'not-json', message });
  });

  test('the place is the one that JSON.parse names, where it names one', () => {
    const spoiled = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', ']', ':', '"', 'x', '1', ' ', '{'));
    fc.assert(
      fc.property(spoiled, ([json, at, insert]) => {
        const cut = at % (json.length + 1);
        const text = insert === '' ? json.slice(0, cut) : json.slice(0, cut) + insert + json.slice(cut);
        try {
          JSON.parse(text);
        } catch (error) {
          const offset = jsonErrorOffset(text);
          const named = /at position (\d+)/.exec(String(error))?.[1];
          // V8 points behind a backslash that escapes nothing; RFC 8259 is violated at the backslash.
          if (named !== undefined && !String(error).includes('escape')) expect(offset).toBe(Number(named));
          if (String(error).includes('end of JSON')) expect(offset).toBe(text.length);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

test('a body that is too deep for the reviver is told so', () => {
  const text = `${'['.repeat(200_000)}9007199254740993${']'.repeat(200_000)}`;
  expect(readJson(text)).toEqual({ kind: 'not-json', message: 'is nested 200000 levels deep; wanted at most 1000' });
});
