import { expect, it } from 'vitest';
import { archiveLagSeconds, archiveStanding } from '../../../src/agent/standby/archive-standing.ts';
import type { ArchiveStanding, Replayed } from '../../../src/agent/standby/archive-standing.ts';
import type { Received } from '../../../src/agent/store/received.ts';

const startedAt = new Date('2026-11-21T06:00:00Z');
const at = (second: number): Date => new Date(startedAt.getTime() + second * 1000);
const replayed = (lsn: string, last: number | null, timeline = 1): Replayed => ({
  timeline,
  lsn,
  lastTransactionAt: last === null ? null : at(last),
});
const received = (lsn: string, through: number, timeline = 1): Received => ({
  timeline,
  lsn,
  through: at(through).toISOString(),
});
const lag = (standing: ArchiveStanding, now: number): number => archiveLagSeconds(standing, startedAt, at(now));

it('is not behind a database that is idle', () => {
  let standing = archiveStanding(null, replayed('0/5000100', 10), received('0/5000100', 12));
  expect(lag(standing, 13)).toBe(1);
  standing = archiveStanding(standing, replayed('0/5000100', 10), received('0/5000100', 3600));
  expect(lag(standing, 3603)).toBe(3);
});

it('is behind by the time of its last transaction where the store has more', () => {
  const before = archiveStanding(null, replayed('0/5000100', 10), received('0/5000100', 12));
  const standing = archiveStanding(before, replayed('0/6000000', 100), received('0/9000000', 200));
  expect(lag(standing, 201)).toBe(101);
  expect(standing.storeThrough).toEqual(at(200));
});

it('does not go back to the last transaction where it had all of a later moment', () => {
  const before = archiveStanding(null, replayed('0/5000100', 10), received('0/5000100', 300));
  expect(lag(archiveStanding(before, replayed('0/5000100', 10), received('0/9000000', 310)), 310)).toBe(10);
});

it('grows while the store is away, and since the agent began where nothing is known', () => {
  const before = archiveStanding(null, replayed('0/5000100', 10), received('0/5000100', 20));
  expect(lag(archiveStanding(before, replayed('0/5000100', 10), undefined), 100)).toBe(80);
  expect(lag(archiveStanding(null, replayed('0/5000100', null), undefined), 7)).toBe(7);
});

it('has all of a timeline that its own came after, and not of one that comes after its own', () => {
  expect(archiveStanding(null, replayed('0/5000100', 10, 2), received('0/6000000', 20, 1)).completeThrough).toEqual(
    at(20),
  );
  expect(archiveStanding(null, replayed('0/7000000', 10, 1), received('0/6000000', 20, 2)).completeThrough).toEqual(
    at(10),
  );
});
