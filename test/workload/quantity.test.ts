import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatQuantity, parseQuantity } from '../../src/workload/quantity.ts';

test.each([
  ['0', 0],
  ['1', 1],
  ['10737418240', 10_737_418_240],
  ['1Ki', 1024],
  ['10Gi', 10_737_418_240],
  ['1.5Gi', 1_610_612_736],
  ['.5Mi', 524_288],
  ['2.', 2],
  ['100m', 0.1],
  ['500m', 0.5],
  ['1500u', 0.0015],
  ['1n', 1e-9],
  ['1k', 1000],
  ['20G', 20_000_000_000],
  ['1E', 1e18],
  ['1Ei', 2 ** 60],
  ['1e3', 1000],
  ['12E6', 12_000_000],
  ['5e-1', 0.5],
  ['+3', 3],
  ['-1Gi', -1_073_741_824],
  // What Kubernetes takes too, though nobody writes it.
  ['Gi', 0],
  ['.', 0],
  ['1e999', 2 ** 63],
  ['1000Ei', 2 ** 63],
])('%s is %d', (text, value) => {
  expect(parseQuantity(text)).toBe(value);
});

test.each(['', ' 1', '1 Gi', '1gi', '1KB', '1kb', '1K', '1.2.3', '1e', '1e3Gi', '0x10', 'NaN', 'Infinity', '1,5'])(
  '%j is no quantity',
  (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  },
);

test.each([
  [0, '0'],
  [1536, '1536'],
  [2048, '2Ki'],
  [21_474_836_480, '20Gi'],
  [1_610_612_736, '1536Mi'],
  [2 ** 60, '1Ei'],
  [0.5, '1'],
])('%d bytes are written %s', (bytes, text) => {
  expect(formatQuantity(bytes)).toBe(text);
});

test('what is written is read back, and never with more than 0 to 1023 of a suffix that a larger one would hold', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      expect(parseQuantity(formatQuantity(bytes))).toBe(bytes);
      const match = /^([0-9]+)([KMGTP]i)$/.exec(formatQuantity(bytes));
      if (match !== null) expect(Number(match[1]) % 1024).not.toBe(0);
    }),
  );
});

test('a suffix is the same as its factor written out', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), (count) => {
      expect(parseQuantity(`${count}Gi`)).toBe(parseQuantity(`${count * 1024}Mi`));
      expect(parseQuantity(`${count}M`)).toBe(parseQuantity(`${count}e6`));
      expect(parseQuantity(`${count}000m`)).toBe(parseQuantity(`${count}`));
    }),
  );
});
