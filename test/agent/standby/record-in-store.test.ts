import { describe, expect, it } from 'vitest';
import type { PrimaryRecord, RecordReading } from '../../../src/agent/decision/primary-record.ts';
import { agreedRecord, newestRecord } from '../../../src/agent/standby/record-in-store.ts';

const since = '2026-11-21T06:00:00Z';
const none: RecordReading = { kind: 'none' };
const unreadable: RecordReading = { kind: 'unreadable', reason: 'key primary is missing' };
const written = (primary: string, timeline: number): RecordReading => ({
  kind: 'record',
  record: { primary, timeline, since },
});
const stored = (primary: string, timeline: number): PrimaryRecord => ({
  primary,
  timeline,
  since,
  file: '/store/shop/orders/PRIMARY.json',
});
const inStore = (primary: string, timeline: number): RecordReading => ({
  kind: 'record',
  record: stored(primary, timeline),
});
const torn = (primary: string, timeline: number, other: string, otherTimeline: number): RecordReading => ({
  kind: 'unreadable',
  reason: `ConfigMap orders-pgusher says that ${primary} is primary on timeline ${timeline}, /store/shop/orders/PRIMARY.json that ${other} is on timeline ${otherTimeline} since ${since}; wanted both to say the same`,
});

describe('who is primary, by the ConfigMap and by the store', () => {
  it.each([
    ['neither', none, null, none, none],
    ['the ConfigMap alone', written('orders-1', 2), null, written('orders-1', 2), written('orders-1', 2)],
    ['the store names another', none, stored('orders-1', 2), inStore('orders-1', 2), inStore('orders-1', 2)],
    ['the store names this pod', none, stored('orders-0', 1), none, inStore('orders-0', 1)],
    ['both the same', written('orders-1', 2), stored('orders-1', 2), written('orders-1', 2), written('orders-1', 2)],
    [
      'the same pod, restored since',
      written('orders-1', 2),
      stored('orders-1', 3),
      written('orders-1', 2),
      inStore('orders-1', 3),
    ],
    [
      'the ConfigMap is of a newer promotion',
      written('orders-2', 3),
      stored('orders-1', 2),
      written('orders-2', 3),
      written('orders-2', 3),
    ],
    [
      'promoted by hand since',
      written('orders-0', 1),
      stored('orders-1', 2),
      torn('orders-0', 1, 'orders-1', 2),
      inStore('orders-1', 2),
    ],
    [
      'two promotions to one timeline',
      written('orders-0', 2),
      stored('orders-1', 2),
      torn('orders-0', 2, 'orders-1', 2),
      written('orders-0', 2),
    ],
    ['a ConfigMap that does not say who', unreadable, stored('orders-1', 2), unreadable, unreadable],
  ] as const)('%s', (_, record, store, atStart, running) => {
    expect(agreedRecord(record, store, { pod: 'orders-0', set: 'orders' })).toEqual(atStart);
    expect(newestRecord(record, store)).toEqual(running);
  });
});
