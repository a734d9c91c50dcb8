import type { AgentContract } from '../contract.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { sortByPosition } from '../store/backup-order.ts';
import { parseSegment, parseLsn } from '../store/wal-name.ts';
import { parseTargetTime } from '../restore/target-time.ts';
import type { BucketInventory } from './bucket-inventory.ts';
import { backupsIn, piecesIn, segmentOf } from './bucket-inventory.ts';
import type { Piece } from './piece.ts';
import { coveredTo } from './piece.ts';

export type FetchStep =
  /** Durable under its name only when it was checked. */
  | { readonly kind: 'archive'; readonly key: string; readonly size: number; readonly sha256: string }
  | { readonly kind: 'file'; readonly key: string; readonly size: number }
  | { readonly kind: 'segment'; readonly key: string; readonly size: number; readonly segment: string }
  | { readonly kind: 'text'; readonly key: string; readonly text: string }
  /** What the receiver had begun, as it would have left it. */
  | { readonly kind: 'partial'; readonly segment: string; readonly pieces: readonly Piece[]; readonly end: number };

export interface FetchPlan {
  /** The base backup that a restore begins with. */
  readonly backup: BaseBackupRecord;
  /** In this order; DONE.json comes behind what it is the record of. */
  readonly steps: readonly FetchStep[];
  /** Bytes that will be written. */
  readonly size: number;
}

export interface FetchQuestion {
  readonly systemId: string;
  readonly segmentSize: number;
  readonly bucket: BucketInventory;
  /** Complete ones of the copy and of the claim, of which none is known to be damaged; not empty. */
  readonly backups: readonly BaseBackupRecord[];
  /** Files that the claim has, whole: key → bytes. */
  readonly local: ReadonlyMap<string, number>;
  /** Names of the finished WAL segments that it has, wherever. */
  readonly localSegments: ReadonlySet<string>;
  readonly restore: AgentContract['restore'];
  /** The request was carried out before: its target does not count. */
  readonly consumed: boolean;
}

/** Pieces of a segment that does not begin at its begin, or with a hole: nobody can tell what stood there. */
export class PieceMissing extends Error {
  override readonly name = 'PieceMissing';
}

/**
 * What the claim lacks of the base backup that a restore would begin with, and of all WAL since. Older base backups stay where they are.
 * @throws PieceMissing
 */
export function planFetch(question: FetchQuestion): FetchPlan {
  const { systemId, segmentSize, bucket, local, localSegments } = question;
  const backup = chosenBackup(question);
  const first = parseSegment(backup.startSegment, segmentSize).number;
  const isWanted = (segment: string): boolean => parseSegment(segment, segmentSize).number >= first;
  const keys = [...bucket.files].filter(([key]) => key.startsWith(`${systemId}/`) && !local.has(key));

  const histories = keys
    .filter(([key]) => /\/wal\/[0-9A-F]{8}\.history$/.test(key))
    .map(([key, size]): FetchStep => ({ kind: 'file', key, size }));
  const segments = keys
    .flatMap(([key, size]): Extract<FetchStep, { kind: 'segment' }>[] => {
      const segment = segmentOf(key);
      return segment !== undefined && isWanted(segment) && !localSegments.has(segment)
        ? [{ kind: 'segment', key, size, segment }]
        : [];
    })
    .sort((left, right) => (left.segment < right.segment ? -1 : 1));
  const whole = new Set([...[...bucket.files.keys()].map(segmentOf), ...localSegments]);
  const partials = [...piecesIn(bucket.files.keys())]
    .filter(([segment]) => isWanted(segment) && !whole.has(segment))
    .map(([segment, pieces]): FetchStep => {
      const end = coveredTo(pieces);
      const most = Math.max(...pieces.map(({ to }) => to));
      if (end !== most) {
        throw new PieceMissing(
          `of WAL segment ${segment} the bytes from ${end} on are missing, and it holds some up to ${most}: rows would be lost`,
        );
      }
      return { kind: 'partial', segment, pieces: [...pieces].sort((left, right) => left.from - right.from), end };
    });
  const base = baseSteps(question, backup);
  const records = [...bucket.texts]
    .filter(([key]) => !local.has(key) && isRecord(key, systemId))
    .map(([key, text]): FetchStep => ({ kind: 'text', key, text }));
  const steps = [...histories, ...segments, ...partials, ...base, ...records];
  return { backup, steps, size: steps.reduce((sum, step) => sum + sizeOf(step, segmentSize), 0) };
}

/** Bytes that a restore of all that the copy holds would bring. @throws PieceMissing */
export function sizeOfRestore(
  bucket: BucketInventory,
  { systemId, segmentSize }: Pick<FetchQuestion, 'systemId' | 'segmentSize'>,
): number {
  const restore = { backup: 'latest', target: null, id: null };
  const backups = backupsIn(bucket, systemId).complete;
  const nothing = { local: new Map<string, number>(), localSegments: new Set<string>() };
  return planFetch({ systemId, segmentSize, bucket, backups, restore, consumed: false, ...nothing }).size;
}

function baseSteps({ bucket, local }: FetchQuestion, backup: BaseBackupRecord): FetchStep[] {
  const folder = `${backup.systemId}/${storeNames.base}/${backup.id}/`;
  const done = `${folder}${storeNames.done}`;
  const text = bucket.texts.get(done);
  if (text === undefined || local.has(done)) {
    return [];
  }
  const archives = new Map(backup.archives.map((archive) => [`${folder}${archive.file}`, archive]));
  const files = [...bucket.files]
    .filter(([key]) => key.startsWith(folder) && key !== done)
    .flatMap(([key, size]): FetchStep[] => {
      const archive = archives.get(key);
      if (archive !== undefined) {
        return local.get(key) === archive.storedSize
          ? []
          : [{ kind: 'archive', key, size: archive.storedSize, sha256: archive.sha256 }];
      }
      return local.get(key) === size ? [] : [{ kind: 'file', key, size }];
    });
  return [...files, { kind: 'text', key: done, text }];
}

/** The records of the set as a whole, but for its identity, which comes when all else is there. */
function isRecord(key: string, systemId: string): boolean {
  return (
    key === `${systemId}/${storeNames.gaps}` ||
    key === `${systemId}/${storeNames.received}` ||
    key.startsWith(`${storeNames.restores}/`)
  );
}

/** As restore-plan.ts would choose, of what may be further away. */
function chosenBackup({ backups, restore, consumed }: FetchQuestion): BaseBackupRecord {
  const sorted = sortByPosition(backups);
  const newest = sorted.at(-1);
  if (newest === undefined) {
    throw new Error('there is no base backup to choose from');
  }
  const { backup, target } = restore;
  if (consumed) {
    return newest;
  }
  if (backup !== 'latest') {
    // Where there is none of that id, the restore says so, with those that there are.
    return sorted.find(({ id }) => id === backup) ?? newest;
  }
  const isBefore = (record: BaseBackupRecord): boolean =>
    target?.kind === 'time'
      ? parseTargetTime(record.finishedAt) <= parseTargetTime(target.value)
      : target?.kind === 'lsn'
        ? parseLsn(record.endLsn) <= parseLsn(target.value)
        : true;
  return sorted.filter(isBefore).at(-1) ?? newest;
}

function sizeOf(step: FetchStep, segmentSize: number): number {
  switch (step.kind) {
    case 'text':
      return step.text.length;
    case 'partial':
      return segmentSize;
    case 'archive':
    case 'file':
    case 'segment':
      return step.size;
  }
}
