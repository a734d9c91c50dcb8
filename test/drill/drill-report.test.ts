import { describe, expect, it } from 'vitest';
import { compareTables, drillText, isLost } from '../../src/drill/drill-report.ts';
import type { DrillReport } from '../../src/drill/drill-report.ts';

const report: DrillReport = {
  namespace: 'shop',
  set: 'orders',
  pod: 'orders-0',
  began: '2026-11-30T12:00:10.000Z',
  took: { begun: 3, restored: 41, recovered: 200, read: 7.4 },
  read: {
    backup: '20261130T030000Z_00000001_0000000002000028',
    timeline: 2,
    lsn: '0/5000028',
    lastCommit: '2026-11-30T12:00:08.000Z',
    databases: [{ name: 'shop', bytes: 52_428_800, tables: 12, rows: 1_234_567, damaged: [] }],
  },
  compared: [],
  ok: true,
};

describe('what a drill found, for a person', () => {
  it('says how long it takes to recover, and how far that reaches', () => {
    expect(drillText(report)).toBe(`shop/orders: can be restored
  backup           20261130T030000Z_00000001_0000000002000028, of orders-0
  time to recover  4 min: 3 s until it began, 41 s for the base backup, 3 min for the WAL and the server's start
  reached          0/5000028 on timeline 2, the last transaction of 2026-11-30T12:00:08.000Z, 2 s before the drill began
  read             12 tables of 1 database, 1,234,567 rows, 50 MB on disk, in 7 s
`);
  });

  it('names what cannot be read, and what is gone', () => {
    const [database] = report.read.databases;
    const damaged = [{ table: 'public.invoices', reason: 'invalid page in block 3' }];
    const text = drillText({
      ...report,
      read: { ...report.read, lastCommit: null, databases: database === undefined ? [] : [{ ...database, damaged }] },
      compared: [
        { table: 'shop.public.orders', restored: 0, now: 12 },
        { table: 'shop.public.users', restored: null, now: 1 },
        { table: 'shop.public.log', restored: 9, now: 12 },
      ],
      ok: false,
    });
    expect(text).toContain('the restored database is not whole');
    expect(text).toContain('no transaction since the base backup');
    expect(text).toMatch(/shop\.public\.orders +LOST: 0 rows restored, 12 rows now/);
    expect(text).toMatch(/shop\.public\.users +LOST: not in the restored database; 1 row now/);
    expect(text).toMatch(/shop\.public\.log +9 rows restored, 12 rows now/);
    expect(text).toMatch(/not readable +shop\.public\.invoices: invalid page in block 3/);
  });
});

describe('tables that are compared', () => {
  it('are those that either side has; a name that neither has is lost', () => {
    const one = (table: string, rows: number | null) => ({ table, rows });
    expect(compareTables([one('shop.public.orders', 4)], [one('shop.public.orders', 5)])).toEqual([
      { table: 'shop.public.orders', restored: 4, now: 5 },
    ]);
    expect(compareTables([one('orders', null)], [one('shop.public.orders', 5)])).toEqual([
      { table: 'shop.public.orders', restored: null, now: 5 },
    ]);
    const [neither] = compareTables([one('order', null)], [one('order', null)]);
    expect(neither).toEqual({ table: 'order', restored: null, now: null });
    expect(neither !== undefined && isLost(neither)).toBe(true);
  });

  it('have lost rows only where none are left: what was written meanwhile is no loss', () => {
    expect(isLost({ table: 't', restored: 4, now: 5 })).toBe(false);
    expect(isLost({ table: 't', restored: 0, now: 0 })).toBe(false);
    expect(isLost({ table: 't', restored: 0, now: 1 })).toBe(true);
  });
});
