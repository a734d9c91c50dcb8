import type { AgentContract, RestoreTargetContract } from '../contract.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import type { Received } from '../store/received.ts';
import { readReceived } from '../store/received.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import { formatLsn, isSegmentName, parseLsn, parseSegment } from '../store/wal-name.ts';
import type { Lineage } from './lineage.ts';
import { latestLineage } from './lineage.ts';
import type { PartPlaces } from './outside-parts.ts';
import { restoreObstacle } from './restore-obstacle.ts';
import type { WalPlace } from './segment-file.ts';
import { readStoreWal } from './store-wal.ts';
import { parseTargetTime } from './target-time.ts';
import type { WalMark } from './wal-records.ts';
import { WalRecords, walTimeText } from './wal-records.ts';
import type { WalRoute, WalStep } from './wal-route.ts';
import { walRoute } from './wal-route.ts';
import type { WalTail } from './wal-tail.ts';
import { later, readMarks, readTail } from './wal-tail.ts';

/** The restore that was asked for cannot be had. The message says what was found and what can be had instead. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused';
}

export interface RestorePlan {
  readonly backup: BaseBackupRecord;
  /** Older backups that lead to the same end; tried where `backup` turns out to be damaged. Newest first. */
  readonly fallbacks: readonly { readonly backup: BaseBackupRecord; readonly steps: readonly WalStep[] }[];
  /**
   * What recovery is told. Null: to the end of the store's WAL; also where the target asked for is that end itself, which
   * PostgreSQL would never "reach" (it looks for the first record behind the target).
   */
  readonly target: RestoreTargetContract | null;
  /** The WAL from the backup's start on. */
  readonly steps: readonly WalStep[];
  /** First byte that the store does not hold. */
  readonly end: bigint;
  /** Where the last record before it begins; null where no record could be read. */
  readonly lastRecord: bigint | null;
  readonly lineage: Lineage;
}

export interface RestoreRequest {
  /** `latest` or an id. */
  readonly backup: string;
  readonly target: RestoreTargetContract | null;
  /** Major of the server that will start there; null where it is not known. */
  readonly major: number | null;
  /** The volumes of the pod; null: one directory on any machine. */
  readonly places: PartPlaces | null;
}

/** A base backup with the WAL behind it. */
interface Candidate {
  readonly backup: BaseBackupRecord;
  readonly route: WalRoute;
}

/**
 * Finds the base backup and the WAL for a request and proves that they lead to it, before anything is written.
 * @param backups oldest first, not empty.
 * @throws RestoreRefused
 */
export async function planRestore(
  place: WalPlace,
  backups: readonly BaseBackupRecord[],
  request: RestoreRequest,
): Promise<RestorePlan> {
  const found = await findCandidates(place, await readStoreWal(place), backups, request);
  const { newest } = found;
  const tail = await refusing(readTail(place, newest.route.steps));
  const end = tail.end ?? startOf(newest.route.steps.at(-1), place.segmentSize);
  const received = await refusing(readReceived(place.root, place.systemId));
  const world: World = { ...found, place, places: request.places, tail, end, received };
  return request.target === null ? latest(world, newest) : pointInTime(world, request.target);
}

/**
 * Why `planRestore` would refuse to bring back the latest state; null: it would not. By names, without reading WAL, so that it can be
 * asked often.
 */
export async function latestRefusal(
  place: WalPlace,
  wal: WalInventory,
  backups: readonly BaseBackupRecord[],
  contract: PartPlaces & Pick<AgentContract, 'major'>,
): Promise<string | null> {
  const request = { backup: 'latest', target: null, major: contract.major, places: contract };
  try {
    const { newest } = await findCandidates(place, wal, backups, request);
    return lossOf(newest, newest, place.segmentSize) ?? restoreObstacle(newest.backup, contract);
  } catch (error) {
    if (error instanceof RestoreRefused) {
      return error.message;
    }
    throw error;
  }
}

interface Found {
  readonly newest: Candidate;
  /** Newest first, not empty. */
  readonly candidates: readonly Candidate[];
  readonly lineage: Lineage;
}

async function findCandidates(
  place: WalPlace,
  wal: WalInventory,
  backups: readonly BaseBackupRecord[],
  request: RestoreRequest,
): Promise<Found> {
  const lineage = await refusing(
    latestLineage(
      place.root,
      place.systemId,
      wal,
      backups.map((backup) => backup.timeline),
    ),
  );
  const asked = chosen(backups, request.backup);
  checkMajor(asked.at(-1), request.major);
  const candidates = usable(asked, wal, lineage, place.segmentSize);
  const [newest] = candidates;
  if (newest === undefined) {
    throw new RestoreRefused(unusable(asked, wal, lineage, place.segmentSize));
  }
  return { newest, candidates, lineage };
}

interface World {
  readonly place: WalPlace;
  readonly places: PartPlaces | null;
  /** Newest first, not empty. */
  readonly candidates: readonly Candidate[];
  readonly tail: WalTail;
  readonly end: bigint;
  readonly lineage: Lineage;
  /** Up to when the store's agent had received everything. */
  readonly received: Received | undefined;
}

function latest(world: World, newest: Candidate): RestorePlan {
  refuseLoss(world, newest);
  return plan(world, newest, null);
}

/** What the store is known to have held behind the end of this route. */
function refuseLoss(world: World, candidate: Candidate): void {
  const { received } = world;
  const last = candidate.route.steps.at(-1);
  const loss =
    lossOf(candidate, world.candidates[0], world.place.segmentSize) ??
    (last !== undefined && received !== undefined && receivedMore(received, last, world)
      ? `the store held WAL through ${received.lsn} of timeline ${received.timeline} at ${received.through}, now it ends with ${last.name}: rows would be lost`
      : null);
  if (loss !== null) {
    throw new RestoreRefused(
      `${loss}. Bring what is missing back; to accept the loss, restore up to it: ${windowText(world)}`,
    );
  }
}

/** By segments: a flush may end in the middle of a record, which is no record yet. */
function receivedMore(received: Received, last: WalStep, world: World): boolean {
  const size = BigInt(world.place.segmentSize);
  return received.timeline === last.timeline && (parseLsn(received.lsn) - 1n) / size > last.number;
}

/** What proves that the database went on behind what the store holds; null: nothing does. */
function lossOf(candidate: Candidate, newest: Candidate | undefined, segmentSize: number): string | null {
  const { gap, steps } = candidate.route;
  if (gap !== null) {
    return `WAL segment ${gap.missing} is missing in the store, and ${gap.evidence} proves that the database went on behind it: a restore would lose those rows`;
  }
  const through = candidate.backup.verified?.walThrough;
  const last = steps.at(-1);
  if (through !== undefined && last !== undefined && provesMore(through, last, newest, segmentSize)) {
    return `the store held WAL through ${through} when base backup ${candidate.backup.id} was verified, now it ends with ${last.name}: rows would be lost`;
  }
  return null;
}

/** `through` is a segment's name, or an LSN in its timeline. */
function provesMore(through: string, last: WalStep, newest: Candidate | undefined, segmentSize: number): boolean {
  if (isSegmentName(through)) {
    const seen = parseSegment(through, segmentSize);
    return seen.timeline === last.timeline && seen.number > last.number;
  }
  return last.timeline === newest?.backup.timeline && parseLsn(through) > (last.number + 1n) * BigInt(segmentSize);
}

async function pointInTime(world: World, target: RestoreTargetContract): Promise<RestorePlan> {
  switch (target.kind) {
    case 'immediate':
      return plan(world, world.candidates[0], target);
    case 'lsn':
      return byLsn(world, target);
    case 'time':
      return byTime(world, target);
    case 'xid':
      return byMark(world, target, (mark) => mark.kind === 'transaction' && mark.xid === Number(target.value));
    case 'name':
      return byMark(world, target, (mark) => mark.kind === 'restore-point' && mark.name === target.value);
  }
}

async function byLsn(world: World, target: RestoreTargetContract): Promise<RestorePlan> {
  const lsn = parseLsn(target.value);
  const candidate = world.candidates.find(({ backup }) => parseLsn(backup.endLsn) <= lsn);
  const tail = await tailOf(world, candidate);
  if (candidate === undefined || tail.end === null || lsn > furthestLsn(world, candidate, tail.end)) {
    throw new RestoreRefused(outside(world, target));
  }
  // Behind the beginning of the last record nothing is left that recovery could stop at.
  const isEnd = tail.lastStart === null || lsn > tail.lastStart;
  return isEnd ? wholeOf(world, candidate) : plan(world, candidate, target);
}

/** What was flushed may end in the middle of a record: the page shows that position, and nothing more can come of it. */
function furthestLsn({ received }: World, { route }: Candidate, end: bigint): bigint {
  const flushed = received === undefined || route.gap !== null ? 0n : parseLsn(received.lsn);
  return received?.timeline === route.steps.at(-1)?.timeline && flushed > end ? flushed : end;
}

async function byTime(world: World, target: RestoreTargetContract): Promise<RestorePlan> {
  const time = parseTargetTime(target.value);
  const candidate = world.candidates.find(({ backup }) => parseTargetTime(backup.finishedAt) <= time);
  const { lastTime } = await tailOf(world, candidate);
  const reach = candidate?.route.gap === null ? later(lastTime, receivedThrough(world)) : lastTime;
  if (candidate === undefined || reach === null || time > reach) {
    throw new RestoreRefused(outside(world, target));
  }
  // Behind the last commit nothing happened up to what was received: that moment is the end, at which no record tells a server to stop.
  return lastTime === null || time > lastTime || (time === lastTime && target.inclusive)
    ? wholeOf(world, candidate)
    : // As an offset: when the server reads its settings it knows neither abbreviations ("Z" is one) nor, perhaps, the zone.
      plan(world, candidate, { ...target, value: walTimeText(time).replace('T', ' ').replace('Z', '+00') });
}

/** An older backup may have a hole in front of it that the newest has behind it: each is judged by its own end. */
async function tailOf(world: World, candidate: Candidate | undefined): Promise<WalTail> {
  return candidate === undefined || candidate.route.gap === null
    ? world.tail
    : refusing(readTail(world.place, candidate.route.steps));
}

/** In WAL's own time; null where the store does not say. */
function receivedThrough({ received }: World): bigint | null {
  return received === undefined ? null : parseTargetTime(received.through);
}

/** The end of the WAL was asked for by name: no target, but also nothing may be missing before it. */
function wholeOf(world: World, candidate: Candidate): RestorePlan {
  if (candidate.route.gap !== null) {
    // A target is needed to stop recovery before the hole, and there is no record behind it to stop at.
    throw new RestoreRefused(
      `the target is the very end of what the store holds before the missing WAL segment ${candidate.route.gap.missing}; ` +
        `choose one before it: ${windowText(world)}`,
    );
  }
  refuseLoss(world, candidate);
  return plan(world, candidate, null);
}

/** Looks for the record itself, from the newest backup back to the oldest: nothing else tells where a name or an xid is. */
async function byMark(
  world: World,
  target: RestoreTargetContract,
  matches: (mark: WalMark) => boolean,
): Promise<RestorePlan> {
  let preparedSeen = false;
  for (const candidate of world.candidates) {
    const from = parseLsn(candidate.backup.endLsn);
    const records = new WalRecords();
    for (const step of candidate.route.steps) {
      for await (const mark of readMarks(world.place, step, records)) {
        if (mark.end > from && matches(mark)) {
          return plan(world, candidate, target);
        }
        preparedSeen ||= mark.kind === 'transaction' && mark.prepared && mark.end > from;
      }
    }
  }
  // The transaction of a COMMIT PREPARED stands deep in the record: PostgreSQL finds it, or stops with an error (13 and newer).
  if (target.kind === 'xid' && preparedSeen) {
    return plan(world, world.candidates.at(-1), target);
  }
  throw new RestoreRefused(outside(world, target));
}

function plan(world: World, candidate: Candidate | undefined, target: RestoreTargetContract | null): RestorePlan {
  if (candidate === undefined) {
    throw new Error('a plan needs a base backup');
  }
  const { backup, route } = candidate;
  const obstacle = restoreObstacle(backup, world.places);
  if (obstacle !== null) {
    throw new RestoreRefused(obstacle);
  }
  const older = world.candidates
    .slice(world.candidates.indexOf(candidate) + 1)
    .filter(
      (other) =>
        restoreObstacle(other.backup, world.places) === null && other.route.gap?.missing === route.gap?.missing,
    );
  return {
    backup,
    fallbacks: older.map((other) => ({ backup: other.backup, steps: other.route.steps })),
    target,
    steps: route.steps,
    end: world.end,
    lastRecord: world.tail.lastStart,
    lineage: world.lineage,
  };
}

function chosen(backups: readonly BaseBackupRecord[], wanted: string): readonly BaseBackupRecord[] {
  if (wanted === 'latest') {
    return backups;
  }
  const found = backups.filter((backup) => backup.id === wanted);
  if (found.length === 0) {
    const ids = backups.map((backup) => backup.id).join(', ');
    throw new RestoreRefused(`there is no base backup "${wanted}" in the store; wanted "latest" or one of ${ids}`);
  }
  return found;
}

function checkMajor(newest: BaseBackupRecord | undefined, major: number | null): void {
  if (newest !== undefined && major !== null && newest.major !== major) {
    throw new RestoreRefused(
      `base backup ${newest.id} is of PostgreSQL ${newest.major}, the server's image is PostgreSQL ${major}. Wanted: the same major; restore with an image of ${newest.major}, then upgrade`,
    );
  }
}

/** Backups on the lineage whose own WAL is there, newest first. */
function usable(
  backups: readonly BaseBackupRecord[],
  wal: WalInventory,
  lineage: Lineage,
  segmentSize: number,
): Candidate[] {
  return [...backups].reverse().flatMap((backup) => {
    const span = lineage.find((found) => found.timeline === backup.timeline);
    if (span === undefined || (span.end !== null && parseLsn(backup.endLsn) > span.end)) {
      return [];
    }
    const route = walRoute(wal, lineage, parseSegment(backup.startSegment, segmentSize).number, segmentSize);
    const needed = parseSegment(backup.endSegment, segmentSize).number;
    return route.steps.some((step) => step.number === needed) ? [{ backup, route }] : [];
  });
}

function unusable(
  backups: readonly BaseBackupRecord[],
  wal: WalInventory,
  lineage: Lineage,
  segmentSize: number,
): string {
  const newest = backups.at(-1);
  if (newest === undefined) {
    return 'the store holds no base backup';
  }
  if (!lineage.some((span) => span.timeline === newest.timeline)) {
    return `base backup ${newest.id} is of timeline ${newest.timeline}, which timeline ${lineage.at(-1)?.timeline ?? 0} of the store did not come from; choose another with postgres.io/restore-backup`;
  }
  const route = walRoute(wal, lineage, parseSegment(newest.startSegment, segmentSize).number, segmentSize);
  const missing = route.gap?.missing ?? `behind ${route.steps.at(-1)?.name ?? 'nothing'}`;
  return `no base backup can be made consistent: ${newest.id} needs WAL ${newest.startSegment} to ${newest.endSegment}, missing in the store: ${missing}`;
}

function outside(world: World, target: RestoreTargetContract): string {
  return `restore-target-${target.kind} ${target.value} cannot be reached; wanted a target in the recoverable window: ${windowText(world)}`;
}

function windowText(world: World): string {
  const oldest = world.candidates.at(-1)?.backup;
  const reach =
    world.candidates[0]?.route.gap === null ? later(world.tail.lastTime, receivedThrough(world)) : world.tail.lastTime;
  const { lastTime } = world.tail;
  const to = reach === null ? 'unknown' : walTimeText(reach);
  const commit = lastTime === null ? 'none' : walTimeText(lastTime);
  const what =
    reach === lastTime ? 'last commit in the store' : `received up to then; last commit in the store: ${commit}`;
  return (
    `from ${oldest?.finishedAt ?? '?'} (LSN ${oldest?.endLsn ?? '?'}, end of base backup ${oldest?.id ?? '?'}) ` +
    `to ${to} (LSN ${formatLsn(world.end)}, ${what})`
  );
}

function startOf(step: WalStep | undefined, segmentSize: number): bigint {
  return (step?.number ?? 0n) * BigInt(segmentSize);
}

async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new RestoreRefused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
