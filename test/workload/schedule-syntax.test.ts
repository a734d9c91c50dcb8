import { expect, test } from 'vitest';
import { derivedSchedule, isSchedule } from '../../src/workload/schedule-syntax.ts';

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
