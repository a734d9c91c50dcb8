import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSegmentExpired, planRetention } from '../../../src/agent/backup/retention.ts';
import type { BaseBackupRecord } from '../../../src/agent/store/layout.ts';
import { formatLsn, segmentAt } from '../../../src/agent/store/wal-name.ts';

const size = 16 * 2 ** 20;
const day = 86_400_000;
const now = new Date('2026-11-21T00:00:00Z');

/** A backup that starts in segment `segment` of `timeline`, `age` days ago. */
function backup(
  segment: number,
  age: number,
  options: { timeline?: number; verified?: boolean } = {},
): BaseBackupRecord {
  const timeline = options.timeline ?? 1;
  const start = BigInt(segment) * BigInt(size) + 40n;
  const at = new Date(now.getTime() - age * day).toISOString();
  return {
    format: 1,
    id: `${timeline}-${segment}`,
    systemId: '42',
    major: 15,
    segmentSize: size,
    timeline,
    startLsn: formatLsn(start),
    endLsn: formatLsn(start + 100n),
    startSegment: segmentAt(timeline, start, size),
    endSegment: segmentAt(timeline, start, size),
    startedAt: at,
    finishedAt: at,
    compression: 'zstd',
    archives: [],
    tablespaces: [],
    size: 1,
    storedSize: 1,
    settings: {},
    verified: options.verified === true ? { at, manifest: true, walThrough: segmentAt(timeline, start, size) } : null,
  };
}

const ids = (backups: readonly BaseBackupRecord[]): string[] => backups.map((record) => record.id);

describe('retention', () => {
  it('keeps the newest by count', () => {
    const plan = planRetention([backup(2, 3), backup(4, 2), backup(6, 1)], { keep: 2, keepFor: null }, now);
    expect(ids(plan.remove)).toEqual(['1-2']);
    expect(ids(plan.keep)).toEqual(['1-4', '1-6']);
  });

  it('keeps two where fewer are asked for', () => {
    expect(ids(planRetention([backup(2, 2), backup(4, 1)], { keep: 0, keepFor: null }, now).keep)).toEqual([
      '1-2',
      '1-4',
    ]);
  });

  it('never removes the newest that was verified', () => {
    const backups = [backup(2, 4, { verified: true }), backup(4, 3, { verified: true }), backup(6, 2), backup(8, 1)];
    expect(ids(planRetention(backups, { keep: 2, keepFor: null }, now).remove)).toEqual(['1-2']);
  });

  it('keeps all that are younger than the age, and the one that begins the window', () => {
    const backups = [backup(2, 9), backup(4, 8), backup(6, 6), backup(8, 4), backup(10, 1)];
    expect(ids(planRetention(backups, { keep: 2, keepFor: (7 * day) / 1000 }, now).remove)).toEqual(['1-2']);
  });

  it('goes by the place in the WAL where the clock jumped back', () => {
    // Made last, on a clock that was ten days behind.
    const backups = [backup(2, 3), backup(4, 2), backup(6, 12)];
    expect(ids(planRetention(backups, { keep: 2, keepFor: null }, now).keep)).toEqual(['1-4', '1-6']);
  });

  it('takes a later timeline for newer, wherever it starts', () => {
    const backups = [backup(9, 3), backup(8, 2, { timeline: 2 }), backup(20, 1, { timeline: 3 })];
    expect(ids(planRetention(backups, { keep: 2, keepFor: null }, now).remove)).toEqual(['1-9']);
  });

  it('removes nothing that is kept, loses none, and leaves at least two', () => {
    fc.assert(
      fc.property(
        backupLists(),
        fc.integer({ min: 0, max: 9 }),
        fc.option(fc.integer({ min: 0, max: 20 })),
        (all, keep, days) => {
          const plan = planRetention(all, { keep, keepFor: days === null ? null : (days * day) / 1000 }, now);
          expect([...ids(plan.keep), ...ids(plan.remove)].sort()).toEqual(ids(all).sort());
          expect(plan.keep.length).toBeGreaterThanOrEqual(Math.min(2, all.length));
          const verified = all.filter((record) => record.verified !== null);
          expect(plan.keep.some((record) => record.verified !== null)).toBe(verified.length > 0);
        },
      ),
    );
  });
});

describe('WAL that is kept no longer', () => {
  it('is what lies before every kept backup', () => {
    const kept = [backup(5, 2), backup(9, 1)];
    expect(isSegmentExpired('000000010000000000000004', kept)).toBe(true);
    expect(isSegmentExpired('000000010000000000000005', kept)).toBe(false);
    expect(isSegmentExpired('000000010000000000000006', kept)).toBe(false);
  });

  it('is nothing at all where there is no backup: it is all that is left', () => {
    expect(isSegmentExpired('000000010000000000000001', [])).toBe(false);
  });

  it('is that of an older timeline once no backup of it is left', () => {
    const kept = [backup(9, 1, { timeline: 2 })];
    expect(isSegmentExpired('00000001000000000000000C', kept)).toBe(true);
    expect(isSegmentExpired('00000002000000000000000C', kept)).toBe(false);
  });

  it('is never one that a restore of a kept backup reads, on its own timeline or on a later one', () => {
    fc.assert(
      fc.property(
        backupLists(),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 60 }),
        (kept, timeline, segment) => {
          const name = segmentAt(timeline, BigInt(segment) * BigInt(size), size);
          const needed = kept.some(
            (record) => record.timeline <= timeline && Number(BigInt(`0x${record.startSegment.slice(16)}`)) <= segment,
          );
          fc.pre(needed);
          expect(isSegmentExpired(name, kept)).toBe(false);
        },
      ),
    );
  });
});

function backupLists(): fc.Arbitrary<BaseBackupRecord[]> {
  return fc
    .uniqueArray(
      fc.record({
        segment: fc.integer({ min: 1, max: 50 }),
        age: fc.integer({ min: -2, max: 30 }),
        timeline: fc.integer({ min: 1, max: 4 }),
        verified: fc.boolean(),
      }),
      { selector: ({ segment, timeline }) => `${timeline}-${segment}`, maxLength: 12 },
    )
    .map((parts) => parts.map(({ segment, age, timeline, verified }) => backup(segment, age, { timeline, verified })));
}
