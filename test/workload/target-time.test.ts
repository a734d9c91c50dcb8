import { describe, expect, it } from 'vitest';
import { readTargetTime } from '../../src/workload/target-time.ts';

function instantOf(text: string): string {
  const read = readTargetTime(text);
  return read.kind === 'read' ? `${new Date(read.milliseconds).toISOString()} + ${read.microseconds}` : read.wanted;
}

// What PostgreSQL 15 makes of the same text as recovery_target_time (bench/readers/target-times.mjs asks it).
describe('the instant is the one that PostgreSQL recovers to', () => {
  it.each([
    ['2026-11-21 06:41:00+00', '2026-11-21T06:41:00.000Z + 0'],
    ['2026-11-21T06:41:00.123456Z', '2026-11-21T06:41:00.000Z + 123456'],
    ['2026-11-21 06:41+0530', '2026-11-21T01:11:00.000Z + 0'],
    ['2026-11-21 06:41:00 -03:30', '2026-11-21T10:11:00.000Z + 0'],
    ['2026-07-20 14:00:00 Etc/GMT+5', '2026-07-20T19:00:00.000Z + 0'],
    ['2026-07-20 14:00:00 gmt', '2026-07-20T14:00:00.000Z + 0'],
    // An hour that a zone has twice: the offset after the change, east and west of Greenwich.
    ['2027-10-31 02:30:00 Europe/Berlin', '2027-10-31T01:30:00.000Z + 0'],
    ['2027-11-07 01:30:00 America/New_York', '2027-11-07T06:30:00.000Z + 0'],
    ['2027-11-07 01:00:00 America/New_York', '2027-11-07T06:00:00.000Z + 0'],
    ['2027-04-04 01:45:00 Australia/Lord_Howe', '2027-04-03T15:15:00.000Z + 0'],
    ['2014-10-26 01:30:00 Europe/Moscow', '2014-10-25T22:30:00.000Z + 0'],
    // An hour, or a day, that a zone skips: the offset before the change.
    ['2027-03-28 02:00:00 Europe/Berlin', '2027-03-28T01:00:00.000Z + 0'],
    ['2027-03-14 02:30:00 America/New_York', '2027-03-14T07:30:00.000Z + 0'],
    ['2027-03-28 01:30:00 Europe/London', '2027-03-28T01:30:00.000Z + 0'],
    ['2011-12-30 12:00:00 Pacific/Apia', '2011-12-30T22:00:00.000Z + 0'],
  ])('%s is %s', (text, expected) => {
    expect(instantOf(text)).toBe(expected);
  });
});

describe('what PostgreSQL reads in more than one way is refused', () => {
  it.each([
    ['2026-07-20 14:00:00', 'its zone too, as an offset such as 2026-07-20 14:00:00+00'],
    ['2026-07-20 14:00:00 BST', 'an offset such as +02 in place of "BST"'],
    ['2026-07-20 14:00:00 AST', 'in place of "AST"'],
    ['2026-07-20 14:00:00 CET', 'in place of "CET"'],
    ['2026-07-20 14:00:00 EET', 'in place of "EET"'],
    ['2026-07-20 14:00:00 CST', 'in place of "CST"'],
    ['2026-07-20 14:00:00 NZ', 'in place of "NZ"'],
    ['2026-07-20 14:00:00 EST5EDT', 'in place of "EST5EDT"'],
    ['2026-07-20 14:00:00 UTC+2', 'in place of "UTC+2"'],
    ['2026-07-20 14:00:00 Mars/Base', '"Mars/Base" is no time zone'],
    ['2026-07-20 14:00:00 SystemV/PST8', '"SystemV/PST8" is no time zone'],
    ['1900-01-01 00:00:00 Europe/Amsterdam', 'a time from 1970 on'],
    ['0001-01-01 00:00:00+00', 'a time from 1970 on'],
    ['2026-02-30 06:00:00+00', 'a date and a time that there are'],
    ['2026-07-20 14:00:00+16', 'an offset of at most 15:59'],
    ['2026-07-20 14:00:00+00:60', 'an offset of at most 15:59'],
    ['yesterday', 'a date and time with an offset'],
  ])('%s: %s', (text, expected) => {
    expect(instantOf(text)).toContain(expected);
  });
});
