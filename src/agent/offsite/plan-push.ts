import type { RetentionPolicy } from '../backup/retention.ts';
import { isSegmentExpired, planRetention } from '../backup/retention.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import { checkWalChain, newestSegment } from '../store/wal-inventory.ts';
import type { Received } from '../store/received.ts';
import { parseReceived } from '../store/received.ts';
import { isSegmentName, lastSegmentBefore, parseLsn, segmentStart } from '../store/wal-name.ts';
import type { BucketInventory } from './bucket-inventory.ts';
import { backupsIn, piecesIn, segmentOf, walIn } from './bucket-inventory.ts';
import type { Piece } from './piece.ts';
import { coveredTo, largestPiece, pieceKey, readPieceKey } from './piece.ts';

/** What a claim holds that belongs off-site; paths are relative to the folder of the set. */
export interface LocalInventory {
  readonly systemId: string;
  readonly segmentSize: number;
  /** Finished segments and history files in wal/. */
  readonly wal: ReadonlySet<string>;
  /** Segments that are finished and on their way to wal/; several are under way at once, and the later one may be there first. */
  readonly moving: readonly string[];
  /** The newest unfinished segment of each timeline, and up to which byte it will not change. */
  readonly partials: readonly { readonly segment: string; readonly end: number }[];
  /** Complete ones, with what stands in DONE.json. */
  readonly backups: readonly LocalBackup[];
  /** Path → text of the records that belong to the set as a whole. */
  readonly records: ReadonlyMap<string, string>;
}

export interface LocalBackup {
  readonly record: BaseBackupRecord;
  readonly text: string;
}

export type PushStep =
  /** A file of the claim that is never written again. */
  | { readonly kind: 'file'; readonly key: string; readonly size: number | null; readonly sha256: string | null }
  | { readonly kind: 'text'; readonly key: string; readonly text: string }
  | { readonly kind: 'piece'; readonly key: string; readonly piece: Piece }
  | { readonly kind: 'delete'; readonly key: string };

/**
 * What makes the WAL of the copy that of the claim: history files first (a restore that finds segments of a timeline without its history
 * stops), then segments as they follow each other, then what was added to the unfinished one; pieces of a segment go once it is there.
 * Nothing is sent before what comes before it: a copy with a hole in it is refused by a restore, since nobody could tell that hole from a loss.
 *
 * @param policy see `kept`: what will be removed again is not sent.
 * @param pieceDue false: only pieces that are full.
 */
export function planWalPush(
  local: LocalInventory,
  bucket: BucketInventory,
  policy: RetentionPolicy,
  now: Date,
  pieceDue: boolean,
): PushStep[] {
  const keep = kept(local, bucket, policy, now);
  const missing = [...local.wal].filter((path) => {
    const segment = segmentOf(path);
    return (
      !bucket.files.has(path) &&
      (segment === undefined || (!isSegmentExpired(segment, keep) && !comesAfterHole(segment, local)))
    );
  });
  const stored = walIn(bucket.files.keys(), local.systemId).segments;
  const isStored = (segment: string): boolean => [...stored.values()].some((names) => names.has(segment));
  // A request for a point in time is carried out once (restore-record.ts): known there before anything that came after it.
  const consumed = [...local.records].filter(
    ([key, text]) => key.startsWith(`${storeNames.restores}/`) && bucket.texts.get(key) !== text,
  );
  return consumed
    .map(([key, text]): PushStep => ({ kind: 'text', key, text }))
    .concat(
      [
        ...missing.filter((path) => path.endsWith('.history')).sort(),
        ...missing.filter((path) => !path.endsWith('.history') && !isStored(segmentOf(path) ?? '')).sort(),
      ].map((key): PushStep => ({ kind: 'file', key, size: null, sha256: null })),
    )
    .concat(planPieces(local, bucket, pieceDue))
    .concat(
      [...piecesIn(bucket.files.keys())]
        .filter(([segment]) => isStored(segment))
        .flatMap(([, pieces]) => pieces.map((piece) => deletion(pieceKey(local.systemId, piece)))),
    );
}

function planPieces(local: LocalInventory, bucket: BucketInventory, pieceDue: boolean): PushStep[] {
  const pieces = piecesIn(bucket.files.keys());
  const finished = new Set([...local.wal, ...bucket.files.keys()].map(segmentOf));
  return local.partials
    .filter(({ segment }) => !finished.has(segment) && !comesAfterHole(segment, local))
    .flatMap(({ segment, end }) => {
      const steps: PushStep[] = [];
      for (let from = coveredTo(pieces.get(segment) ?? []); from < end;) {
        const to = Math.min(end, from + largestPiece);
        if (!pieceDue && to - from < largestPiece) {
          break;
        }
        const piece = { segment, from, to };
        steps.push({ kind: 'piece', key: pieceKey(local.systemId, piece), piece });
        from = to;
      }
      return steps;
    });
}

/** Names of segments sort as timelines and positions do. */
function comesAfterHole(segment: string, { moving }: Pick<LocalInventory, 'moving'>): boolean {
  return moving.some((other) => other < segment);
}

/** Bytes of WAL that the claim has and the copy has not. */
export function walBehind(
  local: Pick<LocalInventory, 'wal' | 'moving' | 'partials' | 'segmentSize'>,
  bucket: BucketInventory,
): number {
  const stored = new Set([...bucket.files.keys()].map(segmentOf));
  const whole = [...local.wal].map(segmentOf).filter((segment) => segment !== undefined && !stored.has(segment));
  const pieces = piecesIn(bucket.files.keys());
  const finished = new Set([...local.wal].map(segmentOf));
  const begun = local.partials
    .filter(({ segment }) => !finished.has(segment) && !stored.has(segment))
    .reduce((sum, { segment, end }) => sum + Math.max(0, end - coveredTo(pieces.get(segment) ?? [])), 0);
  return (whole.length + local.moving.filter((segment) => !stored.has(segment)).length) * local.segmentSize + begun;
}

/** How long an idle database is taken at its word: a request each time. */
const idleRecordMs = 600_000;
const busyRecordMs = 60_000;

/**
 * Base backups, the newest first, DONE.json last and only where the WAL that it speaks of is there; then the records of the set.
 *
 * @param unproven base backups that are being verified: what turns out to be damaged is not sent.
 */
export function planBackupPush(
  local: LocalInventory,
  bucket: BucketInventory,
  policy: RetentionPolicy,
  now: Date,
  unproven: ReadonlySet<string>,
): PushStep[] {
  const wal = walIn(bucket.files.keys(), local.systemId);
  const wanted = new Set(union(local, bucket, policy, now).keep.map(({ id }) => id));
  const backups = [...local.backups]
    .reverse()
    .filter(({ record }) => wanted.has(record.id) && !unproven.has(record.id))
    .flatMap(({ record, text }): PushStep[] => {
      const folder = `${record.systemId}/${storeNames.base}/${record.id}/`;
      const manifest = `${folder}${storeNames.manifest}`;
      const files = record.archives
        .filter(({ file, storedSize }) => bucket.files.get(`${folder}${file}`) !== storedSize)
        .map(({ file, storedSize, sha256 }): PushStep => {
          return { kind: 'file', key: `${folder}${file}`, size: storedSize, sha256 };
        });
      const done = `${folder}${storeNames.done}`;
      return [
        ...files,
        ...(bucket.files.has(manifest) ? [] : [{ kind: 'file' as const, key: manifest, size: null, sha256: null }]),
        ...(bucket.texts.get(done) === text || walTrouble(record, wal) !== null
          ? []
          : [{ kind: 'text' as const, key: done, text }]),
      ];
    });
  const records = [...local.records]
    .filter(([key, text]) => isRecordDue(key, text, bucket, wal, local.segmentSize))
    .map(([key, text]): PushStep => ({ kind: 'text', key, text }));
  return [...backups, ...records];
}

/** Why a restore of this base backup from the copy would be refused by its WAL; null: it would not. */
function walTrouble(record: BaseBackupRecord, wal: WalInventory): string | null {
  const chain = checkWalChain(wal, record.startSegment, record.endSegment, record.segmentSize);
  if (chain.kind === 'broken') {
    return chain.missing;
  }
  const through = record.verified?.walThrough;
  const newest = newestSegment(wal, record.timeline);
  return through !== undefined && isSegmentName(through) && (newest === undefined || newest < through) ? through : null;
}

function isRecordDue(
  key: string,
  text: string,
  bucket: BucketInventory,
  wal: WalInventory,
  segmentSize: number,
): boolean {
  const stored = bucket.texts.get(key);
  if (!key.endsWith(`/${storeNames.received}`)) {
    return stored !== text;
  }
  const received = parseReceived(text);
  // A restore takes it as proof of what was there (restore-plan.ts), so that it must not say more than is.
  if (received === undefined || !reaches(bucket, wal, received, segmentSize)) {
    return false;
  }
  const before = stored === undefined ? undefined : parseReceived(stored);
  const age = before === undefined ? Infinity : Date.parse(received.through) - Date.parse(before.through);
  return before?.timeline !== received.timeline || age >= (before.lsn === received.lsn ? idleRecordMs : busyRecordMs);
}

function reaches(
  bucket: BucketInventory,
  wal: WalInventory,
  { timeline, lsn }: Received,
  segmentSize: number,
): boolean {
  const last = lastSegmentBefore(timeline, parseLsn(lsn), segmentSize);
  const newest = newestSegment(wal, timeline);
  if (newest === undefined || newest < last) {
    return false;
  }
  return (
    newest > last ||
    wal.segments.get(timeline)?.has(last) === true ||
    segmentStart(last, segmentSize) + BigInt(coveredTo(piecesIn(bucket.files.keys()).get(last) ?? [])) >= parseLsn(lsn)
  );
}

/**
 * What the copy no longer needs, by its own inventory and never because a claim lacks it: a claim that is new lacks everything. A base
 * backup goes where it is too much of what the copy itself holds, DONE.json first; WAL where no base backup here or there needs it.
 */
export function planExpiry(
  local: LocalInventory,
  bucket: BucketInventory,
  policy: RetentionPolicy,
  now: Date,
): PushStep[] {
  const { complete, damaged } = backupsIn(bucket, local.systemId);
  const own = planRetention(complete, policy, now);
  const all = new Set(union(local, bucket, policy, now).keep.map(({ id }) => id));
  const remove = own.remove.filter(({ id }) => !all.has(id)).map(({ id }) => id);
  const newest = own.keep.at(-1);
  const known = new Set([...complete, ...damaged, ...local.backups.map(({ record }) => record)].map(({ id }) => id));
  const folder = `${local.systemId}/${storeNames.base}/`;
  const ids = new Set(
    [...bucket.files.keys()].filter((key) => key.startsWith(folder)).map((key) => key.split('/')[2] ?? ''),
  );
  // What was begun and given up: without a DONE.json, of no backup of the claim, and older than one that is complete here.
  const rests = [...ids].filter((id) => !known.has(id) && newest !== undefined && id < newest.id);
  const backups = [...remove, ...rests].flatMap((id) => {
    const keys = [...bucket.files.keys()].filter((key) => key.startsWith(`${folder}${id}/`));
    return [
      ...keys.filter((key) => key.endsWith(`/${storeNames.done}`)),
      ...keys.filter((key) => !key.endsWith(`/${storeNames.done}`)),
    ];
  });
  const keep = kept(local, bucket, policy, now).filter(({ id }) => !remove.includes(id));
  const wal =
    own.keep.length === 0
      ? []
      : [...bucket.files.keys()].filter((key) => {
          const segment = segmentOf(key) ?? readPieceKey(key)?.segment;
          return segment !== undefined && key.startsWith(`${local.systemId}/`) && isSegmentExpired(segment, keep);
        });
  return [...backups, ...wal].map(deletion);
}

/** The base backups that WAL is kept for: all of the claim's, and those of the copy that stay. */
export function kept(
  local: LocalInventory,
  bucket: BucketInventory,
  policy: RetentionPolicy,
  now: Date,
): readonly BaseBackupRecord[] {
  return [
    ...local.backups.map(({ record }) => record),
    ...planRetention(backupsIn(bucket, local.systemId).complete, policy, now).keep,
  ];
}

function union(local: LocalInventory, bucket: BucketInventory, policy: RetentionPolicy, now: Date) {
  const own = new Set(local.backups.map(({ record }) => record.id));
  return planRetention(
    [
      ...local.backups.map(({ record }) => record),
      ...backupsIn(bucket, local.systemId).complete.filter(({ id }) => !own.has(id)),
    ],
    policy,
    now,
  );
}

function deletion(key: string): PushStep {
  return { kind: 'delete', key };
}
