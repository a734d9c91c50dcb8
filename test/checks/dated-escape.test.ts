import { expect, test } from 'vitest';
import { isAgreed } from '../../src/checks/deletion/dated-escape.ts';

test.each([
  ['orders 2026-11-21', true],
  ['orders 2026-11-20', true],
  ['orders 2026-11-22', true],
  ['orders  2026-11-21', true],
  ['orders 2026-11-19', false],
  ['orders 2026-11-23', false],
  ['invoices 2026-11-21', false],
  ['orders', false],
  ['orders yes', false],
  ['orders 2026-13-45', false],
  ['2026-11-21', false],
  [undefined, false],
])('%s agrees to the deletion of orders on 2026-11-21: %s', (escape, agreed) => {
  expect(isAgreed(escape, 'orders', '2026-11-21')).toBe(agreed);
});

test('months and years have ends', () => {
  expect(isAgreed('orders 2026-12-31', 'orders', '2027-01-01')).toBe(true);
  expect(isAgreed('orders 2027-03-01', 'orders', '2027-02-28')).toBe(true);
});
