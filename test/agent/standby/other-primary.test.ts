import { describe, expect, test } from 'vitest';
import type { RecordReading } from '../../../src/agent/decision/primary-record.ts';
import { primaryInsteadOf } from '../../../src/agent/standby/other-primary.ts';

const names = (primary: string, timeline: number): RecordReading => ({
  kind: 'record',
  record: { primary, timeline, since: '2026-11-21T06:00:00Z' },
});

describe('a server of orders-0 that takes writes', () => {
  test.each<{ why: string; record: RecordReading; own: number; gives: string | null }>([
    { why: 'nobody is named', record: { kind: 'none' }, own: 1, gives: null },
    {
      why: 'a record that cannot be read ends nothing',
      record: { kind: 'unreadable', reason: '' },
      own: 1,
      gives: null,
    },
    { why: 'it is named', record: names('orders-0', 2), own: 2, gives: null },
    { why: 'another was promoted past it', record: names('orders-1', 2), own: 1, gives: 'orders-1' },
    {
      why: 'its own restore took the number of the promotion',
      record: names('orders-1', 3),
      own: 3,
      gives: 'orders-1',
    },
    { why: 'it was promoted by hand after the record', record: names('orders-1', 2), own: 3, gives: null },
  ])('$why', ({ record, own, gives }) => {
    expect(primaryInsteadOf('orders-0', own, record)?.primary ?? null).toBe(gives);
  });
});
