import { describe, expect, it } from 'vitest';
import { withoutIdleNames } from '../../../src/agent/restore/release-standby-names.ts';
import {
  lastNamed,
  ordinalIn,
  readSynchronousNames,
  synchronousNames,
} from '../../../src/agent/standby/synchronous-names.ts';

const value = synchronousNames({ set: 'orders', standbys: 1, last: 9 });

describe('the value of synchronous_standby_names', () => {
  it('names the pods of the set, and is known again', () => {
    expect(value).toBe(
      'ANY 1 ("orders-0", "orders-1", "orders-2", "orders-3", "orders-4", "orders-5", "orders-6", "orders-7", "orders-8", "orders-9")',
    );
    expect(readSynchronousNames(value)).toEqual({ set: 'orders', standbys: 1, last: 9 });
    const larger = { set: 'shop.orders-2', standbys: 3, last: 29 };
    expect(readSynchronousNames(synchronousNames(larger))).toEqual(larger);
  });

  it.each([
    '',
    '*',
    'pgusher',
    'ANY 1 (*)',
    'ANY 1 ("orders-0", "orders-1")x',
    'ANY 1 ("orders-0", "reports", "orders-2")',
    value.replace('orders-4', 'orders-3'),
    value.replace('ANY', 'FIRST'),
    'ANY 1 ("orders-0", "orders-99999999")',
  ])('that somebody wrote is not taken for ours: %s', (text) => {
    expect(readSynchronousNames(text)).toBeUndefined();
  });

  it('has room for all that were seen', () => {
    expect([[], [0, 9], [10], [3, 19], [20]].map(lastNamed)).toEqual([9, 9, 19, 19, 29]);
  });

  it('counts pods of the set and nobody else', () => {
    const names = [
      'orders-0',
      'Orders-12',
      'orders-a',
      'orders-01',
      'orders',
      'orders-standby-0',
      'pgusher',
      'walreceiver',
    ];
    expect(names.map((name) => ordinalIn('orders', name))).toEqual([0, 12, ...Array<undefined>(6)]);
  });
});

describe('postgresql.auto.conf before a start', () => {
  it('loses names for whom nobody comes, and nothing else', () => {
    const text = `work_mem = '8MB'\nsynchronous_standby_names = '${value}'\nport = '5433'\n`;
    expect(withoutIdleNames(text, (names) => names === value)).toBe("work_mem = '8MB'\nport = '5433'\n");
    expect(withoutIdleNames(text, () => false)).toBe(text);
  });
});
