import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listed, printable, quoted } from '../../src/checks/shown-text.ts';

test('a value is shown in quotes', () => {
  expect(quoted('say "on"')).toBe('"say \\"on\\""');
});

test('a long value is cut and marked', () => {
  expect(quoted('x'.repeat(200))).toBe(`"${'x'.repeat(80)}…"`);
});

test.each([
  ['a line break', 'a\nb', '"a\\nb"'],
  ['an escape sequence of a terminal', '\u001b[31mred', '"\\u001b[31mred"'],
  ['a C1 control', '\u009b31m', '"\\u009b31m"'],
  ['a line separator', 'a\u2028b', '"a\\u2028b"'],
  ['a bidirectional override', 'a\u202eb', '"a\\u202eb"'],
])('%s is escaped', (_what, value, shown) => {
  expect(quoted(value)).toBe(shown);
});

test('whatever is shown stays on one line and within bounds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (value) => {
      for (const shown of [quoted(value), printable(value)]) {
        expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
        expect(shown.length).toBeLessThanOrEqual(6 * 81 + 2);
      }
    }),
  );
});

test('a name is shown as it is', () => {
  expect(printable('postgres.io/backup-keep')).toBe('postgres.io/backup-keep');
  expect(printable('a\nb')).toBe('a\\u000ab');
});

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
])('%j is listed as %j', (items, text) => {
  expect(listed(items)).toBe(text);
});
