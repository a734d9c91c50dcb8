import { expect, test } from 'vitest';
import { derivedSchedule, isRarerThanWeekly, isSchedule, nextRun } from '../../src/workload/schedule-syntax.ts';

test('a derived schedule is daily, valid, and always the same for one set', () => {
  expect(derivedSchedule('shop', 'orders')).toBe(derivedSchedule('shop', 'orders'));
  expect(derivedSchedule('shop', 'orders')).toMatch(/^\d+ \d+ \* \* \*$/);
  expect(isSchedule(derivedSchedule('shop', 'orders'))).toBe(true);
});

test('derived schedules spread over the day', () => {
  const schedules = Array.from({ length: 2400 }, (_, index) => derivedSchedule('shop', `orders-${index}`));
  const perHour = new Map<string, number>();
  for (const schedule of schedules) {
    const hour = schedule.split(' ')[1] ?? '';
    perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
  }
  expect(perHour.size).toBe(24);
  // 100 each on average.
  expect(Math.max(...perHour.values())).toBeLessThan(160);
  expect(Math.min(...perHour.values())).toBeGreaterThan(50);
});

test.each([
  ['30 2 * * *', false],
  ['30 2 ? * *', false],
  ['0 */6 * * *', false],
  ['0 3 * * 0', false],
  ['0 3 * * MON-FRI', false],
  ['0 3 1,8,15,22,29 * *', false],
  ['0 3 */5 * *', false],
  ['0 3 1-31/7 * *', false],
  ['0 3 1-31 * *', false],
  // Either of the two will do.
  ['0 3 1 * 0', false],
  ['0 3 * 1-12 *', false],
  ['0 3 1 * *', true],
  ['0 3 1,15 * *', true],
  ['0 3 31 * *', true],
  // From the 22nd to the first of a month of 31 days.
  ['0 3 1,8,15,22 * *', true],
  ['0 3 1-20 * *', true],
  // From 23 February to 2 March of a leap year.
  ['0 3 2-31/7 * *', true],
  ['0 3 15/2 * *', true],
  ['0 3 */1 * 1', false],
  ['0 3 1/7 * *', false],
  ['0 3 * 1-6 *', true],
  ['0 3 * */2 0', true],
  ['0 0 29 2 *', true],
])('%s is rarer than weekly: %s', (schedule, expected) => {
  expect(isSchedule(schedule)).toBe(true);
  expect(isRarerThanWeekly(schedule)).toBe(expected);
});

// What robfig/cron v3 makes of them for a CronJob; bench/readers/cron.mjs asks it.
test.each([
  ['0/15 3 * * *', ['2026-11-30T03:00', '2026-11-30T03:15', '2026-11-30T03:30']],
  ['5/15 3 * * *', ['2026-11-30T03:05', '2026-11-30T03:20', '2026-11-30T03:35']],
  ['0 0 1/2 * *', ['2026-12-01T00:00', '2026-12-03T00:00', '2026-12-05T00:00']],
  // With a star on the other side: Mondays alone.
  ['0 0 */1 * 1', ['2026-11-30T00:00', '2026-12-07T00:00', '2026-12-14T00:00']],
  ['0 0 1 * */1', ['2026-12-01T00:00', '2027-01-01T00:00', '2027-02-01T00:00']],
  // Without one, either will do.
  ['0 0 */2 * 1', ['2026-11-30T00:00', '2026-12-01T00:00', '2026-12-03T00:00']],
  ['0 0 * * 7', ['2026-12-06T00:00', '2026-12-13T00:00', '2026-12-20T00:00']],
])('%s runs at %j', (schedule, runs) => {
  expect(isSchedule(schedule)).toBe(true);
  let after = new Date('2026-11-29T12:00:00Z');
  for (const run of runs) {
    after = nextRun(schedule, 'UTC', after) ?? after;
    expect(after.toISOString().slice(0, 16)).toBe(run);
  }
});

test.each(['0 0 L * *', '0 0 LW * *', '0 0 15W * *', '0 0 * * MON#1', '0 0 * * 5L', '0 0 1 * +1', '*/90 * * * *'])(
  '%s is no schedule, since it is none for a CronJob, or means another thing there',
  (schedule) => {
    expect(isSchedule(schedule)).toBe(false);
  },
);
