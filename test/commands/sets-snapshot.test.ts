import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { setsSnapshot } from '../../src/commands/sets-snapshot.ts';
import { aSet } from '../page/support/sample.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-29T12:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

test('nobody is asked before somebody looks, and the first look does not wait', async () => {
  let asked = 0;
  const snapshot = setsSnapshot(async () => {
    asked += 1;
    return Promise.resolve([aSet()]);
  });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toBe(0);
  expect(snapshot.look()).toEqual({ kind: 'not-yet' });
  await vi.advanceTimersByTimeAsync(1);
  expect(snapshot.look()).toEqual({ kind: 'known', at: new Date('2026-11-29T12:10:00Z'), sets: [aSet()] });
  expect(asked).toBe(1);
});

test('while somebody looks it is asked again and again, one question at a time; after that no more', async () => {
  let [asked, atOnce, most] = [0, 0, 0];
  const snapshot = setsSnapshot(async () => {
    asked += 1;
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((resolve) => setTimeout(resolve, 40_000));
    atOnce -= 1;
    return [aSet()];
  });
  for (let round = 0; round < 20; round += 1) {
    snapshot.look();
    await vi.advanceTimersByTimeAsync(30_000);
  }
  expect([asked, most]).toEqual([11, 1]);
  await vi.advanceTimersByTimeAsync(600_000);
  const quiet = asked;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toBe(quiet);
  // And somebody comes back.
  snapshot.look();
  expect(asked).toBe(quiet + 1);
});

test('what was known stays where the next question fails, and stopping ends it', async () => {
  let asked = 0;
  const snapshot = setsSnapshot(async () => {
    asked += 1;
    return asked === 1 ? Promise.resolve([aSet()]) : Promise.reject(new Error('the apiserver is away'));
  });
  snapshot.look();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(snapshot.look()).toEqual({
    kind: 'failed',
    problem: 'the apiserver is away',
    last: { kind: 'known', at: new Date('2026-11-29T12:00:00Z'), sets: [aSet()] },
  });
  snapshot.stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toBe(2);
});
