import { describe, expect, it } from 'vitest';
import { isDue } from '../../../src/agent/backup/schedule.ts';
import { nextRun } from '../../../src/workload/schedule-syntax.ts';

const daily = '0 3 * * *';
const at = (text: string): Date => new Date(text);

describe('a base backup by the schedule', () => {
  it('is due where there was none', () => {
    expect(isDue(daily, 'UTC', [], at('2026-11-21T12:00:00Z'))).toBe(true);
  });

  it('is due once the time of the schedule has come', () => {
    const last = [at('2026-11-20T03:00:01Z')];
    expect(isDue(daily, 'UTC', last, at('2026-11-21T02:59:59Z'))).toBe(false);
    expect(isDue(daily, 'UTC', last, at('2026-11-21T03:00:00Z'))).toBe(true);
  });

  it('is caught up with, once, where nothing ran at its time', () => {
    const last = at('2026-11-10T03:00:01Z');
    expect(isDue(daily, 'UTC', [last], at('2026-11-21T12:00:00Z'))).toBe(true);
    expect(isDue(daily, 'UTC', [last, at('2026-11-21T12:00:00Z')], at('2026-11-21T12:00:10Z'))).toBe(false);
  });

  it('is one for a clock that jumped forward a year', () => {
    const backups = [at('2026-11-20T03:00:01Z'), at('2027-11-21T12:00:00Z')];
    expect(isDue(daily, 'UTC', backups, at('2027-11-21T12:00:30Z'))).toBe(false);
  });

  it('goes on by the schedule after a clock that jumped back: what is from the future does not count', () => {
    const backups = [at('2026-11-20T03:00:01Z'), at('2027-11-21T12:00:00Z')];
    expect(isDue(daily, 'UTC', backups, at('2026-11-20T12:00:00Z'))).toBe(false);
    expect(isDue(daily, 'UTC', backups, at('2026-11-21T03:00:00Z'))).toBe(true);
  });

  it('follows the time zone through the change of clocks', () => {
    expect(nextRun(daily, 'Europe/Berlin', at('2026-10-24T12:00:00Z'))).toEqual(at('2026-10-25T02:00:00Z'));
    expect(nextRun(daily, 'Europe/Berlin', at('2026-10-23T12:00:00Z'))).toEqual(at('2026-10-24T01:00:00Z'));
  });
});
