import { describe, expect, it } from 'vitest';
import { parseTargetTime } from '../../../src/agent/restore/target-time.ts';
import { walTimeText } from '../../../src/agent/restore/wal-records.ts';

describe('a target time', () => {
  it.each([
    ['2026-11-21 06:41:00+00', '2026-11-21T06:41:00.000000Z'],
    ['2026-11-21T06:41:00.123456Z', '2026-11-21T06:41:00.123456Z'],
    ['2026-11-21 06:41+0530', '2026-11-21T01:11:00.000000Z'],
    ['2026-11-21 06:41:00 -03:30', '2026-11-21T10:11:00.000000Z'],
    ['2026-07-21 06:41:00 Europe/Berlin', '2026-07-21T04:41:00.000000Z'],
    ['2026-11-21 06:41:00 Europe/Berlin', '2026-11-21T05:41:00.000000Z'],
    ['1999-12-31 23:59:59.5Z', '1999-12-31T23:59:59.500000Z'],
    ['2026-03-29 02:30:00 Europe/Berlin', '2026-03-29T01:30:00.000000Z'],
  ])('%s is %s', (text, expected) => {
    expect(walTimeText(parseTargetTime(text))).toBe(expected);
  });

  it.each([
    ['2026-11-21 06:41:00', 'is no time to restore to; wanted its zone too'],
    ['yesterday', 'is no time to restore to; wanted a date and time'],
    ['2026-11-21 06:41:00 Mars/Base', '"Mars/Base" is no time zone'],
    ['2026-07-20 14:00:00 BST', 'an offset such as +02 in place of "BST"'],
  ])('%s is refused', (text, message) => {
    expect(() => parseTargetTime(text)).toThrow(message);
  });
});
