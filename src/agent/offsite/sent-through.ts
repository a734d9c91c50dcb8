import { isSegmentExpired } from '../backup/retention.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { parseSegment, segmentStart } from '../store/wal-name.ts';
import type { BucketInventory } from './bucket-inventory.ts';
import { piecesIn, segmentOf } from './bucket-inventory.ts';
import { coveredTo } from './piece.ts';
import type { LocalInventory } from './plan-push.ts';

/**
 * Up to which byte the off-site copy has all WAL of a timeline that was received: nothing before it is needed here or on the server any more.
 * Undefined: it has none.
 *
 * @param kept base backups: what is older than all of them is never sent (plan-push.ts).
 */
export function sentThrough(
  local: Pick<LocalInventory, 'wal' | 'moving' | 'partials' | 'segmentSize'>,
  bucket: BucketInventory,
  kept: readonly BaseBackupRecord[],
  timeline: number,
): bigint | undefined {
  const { segmentSize } = local;
  const ofTimeline = (segment: string): boolean => parseSegment(segment, segmentSize).timeline === timeline;
  const stored = new Set([...bucket.files.keys()].flatMap((key) => segmentOf(key) ?? []).filter(ofTimeline));
  const waiting = [...[...local.wal].flatMap((key) => segmentOf(key) ?? []), ...local.moving]
    .filter((segment) => ofTimeline(segment) && !stored.has(segment) && !isSegmentExpired(segment, kept))
    .sort();
  const pieces = piecesIn(bucket.files.keys());
  const reached = (segment: string): bigint =>
    segmentStart(segment, segmentSize) + BigInt(coveredTo(pieces.get(segment) ?? []));
  const [first] = waiting;
  if (first !== undefined) {
    return reached(first);
  }
  const partial = local.partials.map(({ segment }) => segment).find(ofTimeline);
  const newest = [...stored].sort().at(-1);
  if (partial !== undefined && (newest === undefined || partial > newest)) {
    return reached(partial);
  }
  return newest === undefined ? undefined : segmentStart(newest, segmentSize) + BigInt(segmentSize);
}
