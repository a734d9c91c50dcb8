import { describe, expect, it } from 'vitest';
import type { BucketInventory } from '../../../src/agent/offsite/bucket-inventory.ts';
import { pieceKey } from '../../../src/agent/offsite/piece.ts';
import { planTail } from '../../../src/agent/offsite/plan-tail.ts';
import { planPrune } from '../../../src/agent/offsite/prune-spool.ts';
import { sentThrough } from '../../../src/agent/offsite/sent-through.ts';
import { backupAt, segment, segmentSize, systemId, walKey } from './claim-folder.ts';

const done = (number: number): string => `${systemId}/base/${backupAt(number).id}/DONE.json`;
const piece = (number: number, from: number, to: number): string =>
  pieceKey(systemId, { segment: segment(number), from, to });

function bucketOf(keys: readonly string[], texts: readonly (readonly [string, string])[] = []): BucketInventory {
  return { files: new Map(keys.map((key) => [key, 1])), texts: new Map(texts) };
}

function local(wal: readonly string[], more: { readonly moving?: readonly string[]; readonly partial?: number } = {}) {
  const { moving = [], partial } = more;
  const partials = partial === undefined ? [] : [{ segment: segment(partial), end: 5000 }];
  return { systemId, segmentSize, wal: new Set(wal), moving, partials, backups: [] };
}

const at = (number: number, offset = 0): bigint => BigInt(number * segmentSize + offset);

describe('up to where the server may forget its WAL', () => {
  it('is where the pieces of the unfinished segment end, and no further', () => {
    const wal = local([walKey(1), walKey(2)], { partial: 3 });
    const bucket = bucketOf([walKey(1), walKey(2), piece(3, 0, 1000), piece(3, 1000, 3000), piece(3, 4000, 5000)]);
    expect(sentThrough(wal, bucket, [], 1)).toBe(at(3, 3000));
  });

  it('is the first segment that is not there, whatever is behind it', () => {
    expect(sentThrough(local([walKey(1), walKey(2), walKey(3)]), bucketOf([walKey(1), walKey(3)]), [], 1)).toBe(at(2));
    expect(sentThrough(local([walKey(1)], { moving: [segment(2)] }), bucketOf([walKey(1)]), [], 1)).toBe(at(2));
  });

  it('does not wait for what is older than all base backups, which is never sent', () => {
    const wal = local([walKey(1), walKey(4)]);
    expect(sentThrough(wal, bucketOf([walKey(4)]), [backupAt(3)], 1)).toBe(at(5));
    expect(sentThrough(wal, bucketOf([walKey(4)]), [], 1)).toBe(at(1));
  });

  it('is not known of a timeline that nothing is there of', () => {
    expect(sentThrough(local([walKey(1)]), bucketOf([walKey(1)]), [], 2)).toBeUndefined();
  });
});

describe('what leaves the spool', () => {
  it('is what the copy has, but for the newest segments', () => {
    const keys = [walKey(1), walKey(2), walKey(3), walKey(4)];
    expect(planPrune(local(keys), bucketOf([walKey(1), walKey(3), walKey(4)]), []).files).toEqual([
      { key: walKey(1), size: 1 },
    ]);
  });

  it('and WAL that no base backup needs, sent or not', () => {
    const keys = [walKey(1), walKey(2), walKey(3)];
    expect(planPrune(local(keys), bucketOf([]), [backupAt(2)]).files).toEqual([{ key: walKey(1), size: null }]);
    expect(planPrune(local(keys), bucketOf([]), []).files).toEqual([]);
  });

  it('a base backup when its DONE.json is there word for word', () => {
    const record = backupAt(1);
    const spool = { ...local([]), backups: [{ record, text: 'verified' }] };
    expect(planPrune(spool, bucketOf([], [[done(1), 'not verified yet']]), []).folders).toEqual([]);
    expect(planPrune(spool, bucketOf([], [[done(1), 'verified']]), []).folders).toEqual([
      `${systemId}/base/${record.id}`,
    ]);
  });
});

describe('what a new spool begins with', () => {
  const question = { systemId, segmentSize, from: null, most: null };
  const keysOf = (bucket: BucketInventory, from: bigint | null = null, most: number | null = null): string[] =>
    planTail({ ...question, from, most, bucket }).steps.map((step) =>
      step.kind === 'partial' ? step.segment : step.key,
    );
  const keys = [1, 2, 3, 4, 5].map((number) => walKey(number));

  it('the two newest segments, the pieces of the unfinished one, and the records; no base backup', () => {
    const texts = [
      [`${systemId}/gaps.json`, '{}'],
      [done(1), '{}'],
    ] as const;
    const bucket = bucketOf([...keys, piece(6, 0, 100), done(1)], texts);
    expect(keysOf(bucket)).toEqual([walKey(4), walKey(5), segment(6), `${systemId}/gaps.json`]);
  });

  it('all that a replay begins with, the newest first where there is no room for all', () => {
    expect(keysOf(bucketOf(keys), 2n)).toEqual(keys.slice(1));
    expect(keysOf(bucketOf(keys), 2n, 1)).toEqual(keys.slice(2));
  });

  it('pieces as far as they have no hole: the server has what is behind it', () => {
    const [step] = planTail({ ...question, bucket: bucketOf([piece(1, 0, 10), piece(1, 20, 30)]) }).steps;
    expect(step).toMatchObject({ kind: 'partial', end: 10 });
    expect(keysOf(bucketOf([piece(1, 20, 30)]))).toEqual([]);
  });

  it('the histories of all timelines, and WAL of the newest three', () => {
    const histories = [2, 3, 4].map((timeline) => `${systemId}/wal/0000000${timeline}.history`);
    const segments = [1, 2, 3, 4].map((timeline) => walKey(9, timeline));
    expect(keysOf(bucketOf([...histories, ...segments]))).toEqual([...histories, ...segments.slice(1)]);
  });
});
