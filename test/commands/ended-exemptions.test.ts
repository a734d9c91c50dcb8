import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { noPolicy } from '../../src/checks/policy.ts';
import type { CheckExemption } from '../../src/checks/policy.ts';
import { tellEndedExemptions } from '../../src/commands/ended-exemptions.ts';

const hour = 3_600_000;

let said: object[];
beforeEach(() => {
  said = [];
  vi.useFakeTimers({ now: new Date('2026-11-21T22:30:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

function exemption(name: string, until: string): CheckExemption {
  return { check: 'fsync-off', namespace: 'ci', name, reason: 'speed', until };
}

function tell(...exemptions: readonly CheckExemption[]) {
  return tellEndedExemptions({ ...noPolicy, exemptions }, { warn: (fields) => said.push(fields) });
}

test('what has ended is said once for each reading, and what holds is not', () => {
  const told = tell(exemption('old', '2026-11-20'), exemption('today', '2026-11-21'));
  expect(said).toEqual([{ check: 'fsync-off', namespace: 'ci', name: 'old', until: '2026-11-20' }]);
  vi.advanceTimersByTime(hour);
  expect(said).toHaveLength(1);
  told.stop();
  tell(exemption('old', '2026-11-20')).stop();
  expect(said).toHaveLength(2);
});

test('one that ends while the webhook runs is said when its day is over', () => {
  const told = tell(exemption('today', '2026-11-21'));
  vi.advanceTimersByTime(hour);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(hour);
  expect(said).toEqual([{ check: 'fsync-off', namespace: 'ci', name: 'today', until: '2026-11-21' }]);
  vi.advanceTimersByTime(48 * hour);
  expect(said).toHaveLength(1);
  told.stop();
  expect(vi.getTimerCount()).toBe(0);
});
