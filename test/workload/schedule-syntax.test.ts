import { expect, test } from 'vitest';
import { derivedSchedule, isRarerThanWeekly, isSchedule } from '../../src/workload/schedule-syntax.ts';

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
  ['0 3 L * *', true],
  ['0 3 * 1-6 *', true],
  ['0 3 * */2 0', true],
  ['0 0 29 2 *', true],
])('%s is rarer than weekly: %s', (schedule, expected) => {
  expect(isSchedule(schedule)).toBe(true);
  expect(isRarerThanWeekly(schedule)).toBe(expected);
});
