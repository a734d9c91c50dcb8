import type { ArchiveStanding } from '../standby/archive-standing.ts';
import type { OffsiteStatus } from '../offsite/offsite-status.ts';
import { overdueSince } from './overdue.ts';

/** What the agent knows of itself: written by the parts of `backup`, read by the HTTP pages. Times are Dates. */
export interface AgentStatus {
  readonly set: string;
  readonly namespace: string;
  readonly startedAt: Date;
  /** False: `backup: off`, or nowhere to put backups. */
  readonly backupWanted: boolean;
  /** True: `backup: off`. A set that has nowhere to put backups wants them all the same, and somebody has to hear of it. */
  readonly backupOff: boolean;
  /** True: there is no claim, and what is not off-site is not backed up (contract.ts, OffsiteContract). */
  readonly spooled: boolean;
  server: ServerStatus;
  store: StoreStatus;
  receiver: ReceiverStatus;
  backups: BackupsStatus;
  dumps: DumpsStatus;
  /** Null: no off-site copy is asked for, or its place was not opened yet. */
  offsite: OffsiteStatus | null;
  /** Why a restore of everything would be refused now (restore-answer.ts); null: it would not. */
  restoreRefused: string | null;
  /** Null: commits wait for no standby, or this is none that takes them. */
  synchronous: SynchronousStandbys | null;
  /** Null: this server is no standby that follows another set's backups. */
  archive: ArchiveStanding | null;
  /** Null: the server takes writes, or is not known to follow another. */
  standby: { readonly streaming: boolean } | null;
  /** By name. */
  standbySlots: readonly StandbySlot[];
  /** The most WAL that the server keeps for one slot (max_slot_wal_keep_size); null: no limit, or not known. */
  slotLimitBytes: number | null;
  /** The latest of each kind of trouble that is not over; the keys are a closed list, they become labels. */
  readonly failures: Map<FailureKind, Failure>;
  lastFailure: (Failure & { readonly kind: FailureKind }) | null;
}

export type FailureKind =
  | 'server'
  | 'version'
  | 'store'
  | 'identity'
  | 'receiver'
  | 'mover'
  | 'base-backup'
  | 'verification'
  | 'retention'
  /** The last dump failed, or has not all that it should. */
  | 'dump'
  | 'offsite'
  | 'settings'
  | 'synchronous'
  | 'replication'
  /** Too few standbys of the set stream for `synchronous`. */
  | 'commits'
  /** Of the roles of a restored database. */
  | 'passwords'
  /** The look at a standby, or at a primary without backups, itself. */
  | 'following'
  /** This standby does not stream, or cannot replay what it follows. */
  | 'standby'
  /** The look at a standby of another set's backups itself. */
  | 'archive';

export interface Failure {
  readonly at: Date;
  readonly message: string;
}

export type ServerStatus =
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'recovering' }
  | { readonly kind: 'primary'; readonly systemId: string; readonly timeline: number; readonly major: number };

export interface StoreStatus {
  free: number;
  total: number;
  /** True once the store was proven to be this system's. */
  ours: boolean;
}

export interface ReceiverStatus {
  streaming: boolean;
  /** `X/Y`, fsynced in the store; null: nothing yet. */
  flushedLsn: string | null;
  /** Everything that the server had flushed at this time is in the store. */
  flushedThrough: Date | null;
  /** The same as the store says it (store/received.ts): what a restore can be asked for. */
  recordedThrough: Date | null;
  lagBytes: number;
  lagSeconds: number;
  /** wal_status of the slot; `missing` where there is none. */
  slot: SlotStatus;
  /** WAL that the server keeps for it. */
  retainedBytes: number;
  gaps: number;
  segmentsMoved: number;
  segmentsWaiting: number;
}

export const slotStatuses = ['missing', 'reserved', 'extended', 'unreserved', 'lost'] as const;
export type SlotStatus = (typeof slotStatuses)[number];

export interface SynchronousStandbys {
  /** How many a commit waits for. */
  readonly wanted: number;
  /** False: so many have never streamed since it was asked for. */
  readonly waits: boolean;
  /** Pods of the set. */
  readonly streaming: readonly string[];
}

/** A slot that a standby of pgusher made on this primary. */
export interface StandbySlot {
  readonly name: string;
  /** Null while a standby is connected; else since when this agent has seen none. */
  readonly unusedSince: Date | null;
  /** Why the server gave up on it, in the server's word where it has one (17 and newer); null: it works. It never comes back. */
  readonly lost: string | null;
  /** WAL that the server keeps for it. */
  readonly retainedBytes: number;
  /** The most that it would keep; null: no limit. */
  readonly limitBytes: number | null;
}

export interface BackupsStatus {
  complete: readonly BackupSummary[];
  running: boolean;
  /** A base backup is wanted at once, and why; until it is there the newest WAL may not be restorable. */
  wanted: string | null;
  nextAt: Date | null;
  lastVerification: { readonly at: Date; readonly ok: boolean; readonly id: string } | null;
}

export interface DumpsStatus {
  /** There is a schedule. */
  wanted: boolean;
  /** Oldest first; also those that have not all databases. */
  complete: readonly DumpSummary[];
  running: boolean;
  /** What the schedule says next; in the past: it is due. */
  nextAt: Date | null;
}

export interface DumpSummary {
  readonly id: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly storedSize: number;
  readonly databases: number;
  /** How much of it is missing: databases, and roles. */
  readonly failures: number;
}

export interface BackupSummary {
  readonly id: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly timeline: number;
  readonly storedSize: number;
  readonly verified: boolean;
}

export function newStatus(options: {
  readonly namespace: string;
  readonly set: string;
  readonly startedAt: Date;
  readonly backupWanted: boolean;
  readonly backupOff?: boolean;
  readonly spooled?: boolean;
}): AgentStatus {
  return {
    ...options,
    backupOff: options.backupOff ?? false,
    spooled: options.spooled ?? false,
    server: { kind: 'waiting', reason: 'not tried yet' },
    store: { free: 0, total: 0, ours: false },
    receiver: {
      streaming: false,
      flushedLsn: null,
      flushedThrough: null,
      recordedThrough: null,
      lagBytes: 0,
      lagSeconds: 0,
      slot: 'missing',
      retainedBytes: 0,
      gaps: 0,
      segmentsMoved: 0,
      segmentsWaiting: 0,
    },
    backups: { complete: [], running: false, wanted: null, nextAt: null, lastVerification: null },
    dumps: { wanted: false, complete: [], running: false, nextAt: null },
    offsite: null,
    restoreRefused: 'that was not looked at yet',
    synchronous: null,
    archive: null,
    standby: null,
    standbySlots: [],
    slotLimitBytes: null,
    failures: new Map(),
    lastFailure: null,
  };
}

/**
 * Why this set is not protected, a line each; empty where a volume that is lost now comes back with everything up to a
 * second ago.
 */
export function reasonsUnprotected(status: AgentStatus): string[] {
  if (!status.backupWanted) {
    return ['backups are off, or there is no store', ...failuresOf(status)];
  }
  return [
    ...(status.server.kind === 'waiting' ? [`the server is not there: ${status.server.reason}`] : []),
    ...(status.server.kind === 'recovering' ? ['the server is in recovery'] : []),
    ...(status.store.ours ? [] : ['the store is not known to belong to this server']),
    ...(status.backups.complete.length === 0 ? ['there is no base backup'] : []),
    ...(status.restoreRefused === null || status.backups.complete.length === 0
      ? []
      : [`a restore would be refused: ${status.restoreRefused}`]),
    ...(status.backups.wanted === null ? [] : [`a base backup is needed: ${status.backups.wanted}`]),
    ...(status.receiver.streaming ? [] : ['WAL is not being received']),
    ...(status.spooled ? reasonsNotSent(status) : []),
    ...failuresOf(status),
  ];
}

/** Longer than a large segment takes on a slow line, and shorter than anybody sleeps. */
const sentWithin = 120_000;

/** Without a claim, what is not off-site is nowhere. */
function reasonsNotSent({ offsite, receiver }: AgentStatus): string[] {
  if (offsite?.ours !== true) {
    return ['the off-site copy is not known to have what was received'];
  }
  const [received, sent] = [receiver.flushedThrough?.getTime(), offsite.completeThrough?.getTime()];
  const late = received !== undefined && received - (sent ?? 0) > sentWithin + offsite.pushSeconds * 1000;
  return late
    ? [`what was committed since ${offsite.completeThrough?.toISOString() ?? 'the first backup'} is not off-site yet`]
    : [];
}

/** A volume that is lost comes back from the claim all the same, with what is behind off-site, not dumped, waits, or cannot be logged in to. */
const besideProtection: readonly FailureKind[] = ['commits', 'passwords', 'offsite', 'dump'];

function failuresOf(status: AgentStatus): string[] {
  return [...status.failures]
    .filter(([kind]) => !besideProtection.includes(kind) || (kind === 'offsite' && status.spooled))
    .map(([kind, failure]) => `${kind}: ${failure.message}`);
}

/** Trouble that takes no protection away: of one kind, or of all of these. */
export function otherTrouble({ failures, spooled }: AgentStatus, kinds = besideProtection): string[] {
  return kinds.flatMap((kind) => {
    if (kind === 'offsite' && spooled) {
      return [];
    }
    const failure = failures.get(kind);
    return failure === undefined ? [] : [`${kind}: ${failure.message}`];
  });
}

/** What `/readyz` says: why this set is not protected, and a schedule that is not kept. */
export function reasonsToLook(status: AgentStatus, now: Date): string[] {
  const since = status.backupWanted ? overdueSince(status.backups, now) : null;
  const dumpSince = overdueSince(status.dumps, now);
  return [
    ...reasonsUnprotected(status),
    ...otherTrouble(status),
    ...(since === null
      ? []
      : [
          `the newest base backup is older than its schedule: one was due at ${since.toISOString()}${status.backups.running ? ' and is being made now' : ''}`,
        ]),
    ...(dumpSince === null
      ? []
      : [
          `the newest dump is older than its schedule: one was due at ${dumpSince.toISOString()}${status.dumps.running ? ' and is being made now' : ''}`,
        ]),
  ];
}
