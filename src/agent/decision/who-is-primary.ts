import type { AgentContract } from '../contract.ts';
import { formatLsn } from '../store/wal-name.ts';
import type { Role } from './pod-role.ts';
import { podOrdinal } from './pod-role.ts';
import type { PrimaryRecord, RecordReading } from './primary-record.ts';
import type { Lineage } from '../restore/lineage.ts';
import type { Relation, WalPosition } from './timeline-relation.ts';
import { relationTo, timelineOf } from './timeline-relation.ts';

/** What is in PGDATA, for this question. */
export type OwnData =
  | { readonly kind: 'EMPTY' }
  | ({
      readonly kind: 'VALID';
      readonly systemId: string;
      /** No standby.signal on a data directory that was copied from a primary: it was promoted. */
      readonly signal: 'recovery' | 'standby' | null;
    } & WalPosition);

/** A server that answered. */
export interface Peer extends WalPosition {
  /** Null where only its address is known. */
  readonly pod: string | null;
  /** `host:port` */
  readonly address: string;
  readonly systemId: string;
  readonly takesWrites: boolean;
}

export interface PrimaryQuestion {
  readonly pod: string;
  readonly contract: Pick<AgentContract, 'set' | 'role' | 'primary'>;
  readonly record: RecordReading;
  readonly data: OwnData;
  readonly peers: readonly Peer[];
  /** What a restore would bring back; null where there is nothing to restore. */
  readonly store: { readonly timeline: number; readonly end: bigint | null } | null;
  /** The store that a standby follows in the place of a server; null: it follows none (archive-source.ts). */
  readonly archive: ArchiveReading | null;
  /** `host:port` of a pod of the set by its name; null where the set has no Service. */
  readonly addressOf: (pod: string) => string | null;
}

export type ArchiveReading =
  | { readonly kind: 'read'; readonly systemId: string; readonly lineage: Lineage }
  /** Not mounted, not answering, or nothing is in it. */
  | { readonly kind: 'unread' };

export type Verdict =
  | { readonly kind: 'primary'; readonly notes: readonly string[] }
  /**
   * `of`: `host:port`; null: nobody is known, it keeps what its settings say. `archive`: the store that it follows alone, or takes from what that
   * server has recycled: another set's, until this set has had a primary of its own; or its own, where the primary archives into the same.
   */
  | {
      readonly kind: 'standby';
      readonly of: string | null;
      readonly archive?: 'source' | 'own';
      readonly notes: readonly string[];
    }
  /** `wantsMore`: nobody else is there to ask, and what an off-site copy brings into the store may change it. */
  | { readonly kind: 'stop'; readonly reason: string; readonly wantsMore?: true };

/**
 * Who is primary, for one pod at its start. An ordinal is a place, not a role: it counts only where nothing else is known.
 * Asked in this order: the record, the data, the other servers, the store. docs/standbys.md has the table, cell by cell. Pure.
 */
export function whoIsPrimary(question: PrimaryQuestion): Verdict {
  const { record, pod, contract } = question;
  if (record.kind === 'unreadable') {
    return stop(
      `${record.reason}. Nobody's role is guessed: write it with \`pgusher promote ${contract.set} --record POD\``,
    );
  }
  if (record.kind === 'record') {
    return record.record.primary === pod
      ? recordNamesThis(question, record.record)
      : recordNamesAnother(question, record.record);
  }
  if (contract.role === 'standby') {
    return contract.primary === null && question.archive !== null
      ? standbyOfArchive(question, question.archive)
      : besideArchive(question, standbyOfAnotherSet(question));
  }
  return podOrdinal(pod) === 0 ? ordinalZero(question) : otherOrdinal(question);
}

/** Where a set has no login for replication, nobody can be asked and nobody followed: ordinals are all there is. */
export function roleWithoutReplication(role: AgentContract['role'], pod: string): Role {
  return role === 'standby' || podOrdinal(pod) > 0 ? 'standby' : 'primary';
}

function recordNamesThis(question: PrimaryQuestion, record: PrimaryRecord): Verdict {
  const { data, pod, contract, store } = question;
  const rival = leaderOf(question);
  if (rival !== undefined) {
    return stop(
      `the record says that ${pod} is primary since ${record.since}, but ${nameOf(rival)} takes writes on timeline ${timelineOf(rival)}. ` +
        `Wanted: one primary. If that one is right: \`pgusher promote ${contract.set} --record ${rival.pod ?? 'POD'}\`; if this one is, stop that server first`,
    );
  }
  if (data.kind === 'EMPTY') {
    if (store === null || store.timeline < record.timeline) {
      const held = store === null ? 'holds nothing to restore' : `ends on timeline ${store.timeline}`;
      const reason =
        `the record says that ${pod} is primary on timeline ${record.timeline} since ${record.since}, but PGDATA is empty and the store ${held}. ` +
        `Nothing older is restored and nothing initialised. Wanted: the data volume or the store back, or another primary: \`pgusher promote ${contract.set} POD\`${mayHave(question)}`;
      // A standby that answers has its rows at hand: whoever promotes it waits for no object store.
      return question.peers.length === 0 ? { kind: 'stop', reason, wantsMore: true } : stop(reason);
    }
    return withoutNewerPeers(question, store);
  }
  if (data.signal === 'standby') {
    return stop(
      `the record says that ${pod} is primary since ${record.since}, but its data is a standby's (standby.signal, timeline ${timelineOf(data)}). ` +
        `Wanted: both to say the same. Write down who is: \`pgusher promote ${contract.set} --record POD\``,
    );
  }
  if (timelineOf(data) < record.timeline) {
    return stop(
      `the record says that ${pod} is primary on timeline ${record.timeline} since ${record.since}, but PGDATA is on timeline ${timelineOf(data)}: an older state of it. ` +
        `Wanted: the data of timeline ${record.timeline}. Bring that volume back, or empty this one to restore it from the store`,
    );
  }
  return primary();
}

function recordNamesAnother(question: PrimaryQuestion, record: PrimaryRecord): Verdict {
  const { data, peers, contract } = question;
  // Where the set has no Service, the one address that is known is that of ordinal 0.
  const ofFirst = record.primary === `${contract.set}-0` ? contract.primary : null;
  const of = question.addressOf(record.primary) ?? ofFirst;
  if (data.kind === 'EMPTY') {
    return standby(of, record.file === undefined ? [] : [namedInStore(record, record.file)]);
  }
  const leader = peers.find((peer) => peer.pod === record.primary);
  if (leader !== undefined) {
    return follow(question, data, leader, `the record says that ${record.primary} is primary since ${record.since}`);
  }
  if (data.signal === null && timelineOf(data) > record.timeline) {
    return stop(
      `the record says that ${record.primary} is primary on timeline ${record.timeline} since ${record.since}, but PGDATA here was promoted to timeline ${timelineOf(data)}, and ${record.primary} cannot be asked. ` +
        `Wanted: both to say the same. If this pod is the primary: \`pgusher promote ${contract.set} --record ${question.pod}\`; if not: start ${record.primary} first`,
    );
  }
  return standby(of, [
    `${record.primary}, which the record names as primary, cannot be asked yet: this server takes no writes, and follows it when it is there`,
  ]);
}

/** All volumes of the set may be gone, and the store is all there is: then nobody comes whom this one could copy. */
function namedInStore({ primary, timeline }: PrimaryRecord, file: string): string {
  return (
    `${file} says that ${primary} is primary (timeline ${timeline}): it is copied, and waited for. ` +
    `Where that pod's data is gone for good, remove this file: then what the store holds is restored`
  );
}

function standbyOfAnotherSet(question: PrimaryQuestion): Verdict {
  const { data, peers, contract } = question;
  const upstream = peers.find((peer) => peer.address === contract.primary);
  if (data.kind === 'EMPTY') {
    return standby(contract.primary);
  }
  if (upstream !== undefined) {
    return follow(
      question,
      data,
      upstream,
      `postgres.io/role is "standby" and postgres.io/primary ${contract.primary}`,
    );
  }
  if (data.signal === null && timelineOf(data) > 1) {
    return stop(
      `postgres.io/role is "standby", but PGDATA is a primary's on timeline ${timelineOf(data)}, and ${contract.primary ?? 'no primary'} can be asked. ` +
        `Wanted: both to say the same. If it was promoted: postgres.io/role: primary; if not: its primary must answer first`,
    );
  }
  return standby(contract.primary);
}

function besideArchive({ archive }: PrimaryQuestion, verdict: Verdict): Verdict {
  return verdict.kind === 'standby' && archive !== null ? { ...verdict, archive: 'source' } : verdict;
}

/** No server to ask: what the data says, held against the store that is followed. */
function standbyOfArchive(question: PrimaryQuestion, archive: ArchiveReading): Verdict {
  const { data, contract, pod } = question;
  const leader = leaderOf(question);
  const follows: Verdict = { kind: 'standby', of: null, archive: 'source', notes: [] };
  if (data.kind === 'EMPTY') {
    return leader === undefined ? follows : standby(leader.address, [noted(question, leader)]);
  }
  const promoted = data.signal === null && timelineOf(data) > 1 && !isOf(archive, data);
  if (leader !== undefined) {
    return promoted ? overtaken(question, data, leader) : follow(question, data, leader, noRecord);
  }
  if (promoted) {
    return primary([
      `PGDATA was promoted to timeline ${timelineOf(data)} and no record says who is primary: this one is, and postgres.io/restore-from is not followed any more. Write it down: \`pgusher promote ${contract.set} --record ${pod}\``,
    ]);
  }
  // Which cannot be read says nothing, and a server that waits for it serves reads.
  const why = archive.kind === 'unread' ? null : whyNotAlong(archive, data);
  return why === null
    ? follows
    : stop(
        `postgres.io/role is "standby", and PGDATA here cannot follow postgres.io/restore-from: ${why}. ` +
          `Wanted: an empty volume, which is restored from there (delete the data claim of ${pod}, and the pod)${data.signal === 'standby' ? '' : ', or postgres.io/role: primary'}; nothing was changed here`,
      );
}

/** Null: the timelines of that store lead on from what the data has. The server itself would end at its start where they do not. */
function whyNotAlong(archive: Extract<ArchiveReading, { kind: 'read' }>, data: Valid): string | null {
  if (archive.systemId !== data.systemId) {
    return `these are of system ${archive.systemId} and PGDATA of system ${data.systemId}`;
  }
  const relation = relationTo({ lineage: archive.lineage, end: null }, data);
  switch (relation.kind) {
    case 'follows':
      return null;
    case 'diverged':
      return relation.at === null
        ? divergence(relation)
        : `it holds WAL behind ${formatLsn(relation.at)}, where the other set left timeline ${timelineOf(data)}`;
    case 'newer':
    case 'ahead':
      return `it is on timeline ${timelineOf(data)}, which they do not have`;
  }
}

/** The timeline that the data is on came to be in that store's own history. */
function isOf(archive: ArchiveReading, data: Valid): boolean {
  const own = data.lineage.at(-1);
  return (
    archive.kind === 'read' &&
    (archive.systemId !== data.systemId ||
      archive.lineage.some((span) => span.timeline === own?.timeline && span.begin === own.begin))
  );
}

function ordinalZero(question: PrimaryQuestion): Verdict {
  const { data, store, pod } = question;
  const leader = leaderOf(question);
  if (data.kind === 'EMPTY') {
    if (leader !== undefined) {
      return standby(leader.address, [noted(question, leader)]);
    }
    if (question.peers.length === 0) {
      return primary();
    }
    return store === null
      ? stop(
          `PGDATA is empty, nothing is in the store to restore, and nobody takes writes. Nothing is initialised beside data.${mayHave(question)} ` +
            `Wanted: one of them promoted: \`pgusher promote ${question.contract.set} POD\``,
        )
      : withoutNewerPeers(question, store);
  }
  if (data.signal === 'standby') {
    return leader === undefined
      ? standby(null, [
          `no record says who is primary, and the data of ${pod} is a standby's (standby.signal): it takes no writes. \`pgusher promote ${question.contract.set}\` makes one the primary`,
        ])
      : follow(question, data, leader, noRecord);
  }
  return leader === undefined ? primary() : overtaken(question, data, leader);
}

function otherOrdinal(question: PrimaryQuestion): Verdict {
  const { data, pod, contract, peers } = question;
  const first = `${contract.set}-0`;
  const leader = leaderOf(question);
  const of = leader?.address ?? contract.primary ?? question.addressOf(first);
  if (data.kind === 'EMPTY') {
    return standby(of);
  }
  if (leader !== undefined) {
    return data.signal === null && timelineOf(data) > 1
      ? overtaken(question, data, leader)
      : follow(question, data, leader, noRecord);
  }
  if (data.signal === null && timelineOf(data) > 1) {
    return primary([
      `PGDATA was promoted to timeline ${timelineOf(data)} and no record says who is primary: this one is, as long as nobody else takes writes. Write it down: \`pgusher promote ${contract.set} --record ${pod}\``,
    ]);
  }
  const zero = peers.find((peer) => peer.pod === first);
  return zero === undefined ? standby(of) : follow(question, data, zero, noRecord);
}

const noRecord = 'no record says who is primary';

/** The one that takes writes; the one of the newest timeline, where there are several. */
function leaderOf({ peers, data }: PrimaryQuestion): Peer | undefined {
  return peers
    .filter((peer) => peer.takesWrites && (data.kind === 'EMPTY' || peer.systemId === data.systemId))
    .reduce<Peer | undefined>(
      (newest, peer) => (newest === undefined || timelineOf(peer) > timelineOf(newest) ? peer : newest),
      undefined,
    );
}

/** Data of a primary, and another one that takes writes: never a second one, and never a loss without being asked. */
function overtaken(question: PrimaryQuestion, data: Valid, leader: Peer): Verdict {
  const { pod, contract } = question;
  const relation = relationTo(leader, data);
  const record = `\`pgusher promote ${contract.set} --record ${leader.pod ?? 'POD'}\``;
  if (relation.kind === 'newer' || relation.kind === 'ahead') {
    return stop(
      `PGDATA is on timeline ${timelineOf(data)}, which came after what ${nameOf(leader)} has, but that one takes writes (timeline ${timelineOf(leader)}). ` +
        `Wanted: one primary. Stop ${nameOf(leader)} and \`pgusher promote ${contract.set} --record ${pod}\`, or give this data up: ${record}`,
    );
  }
  return stop(
    `PGDATA is on timeline ${timelineOf(data)}, but ${nameOf(leader)} runs timeline ${timelineOf(leader)} of the same database: it was promoted. Wanted: one primary, written down: ${record}. ` +
      (relation.kind === 'diverged'
        ? `Then, since ${divergence(relation)}: ${copyAnew(question)}`
        : 'This pod is its standby then'),
  );
}

/** A standby of `server`, where its data allows it. */
function follow(question: PrimaryQuestion, data: Valid, server: Peer, because: string): Verdict {
  if (server.systemId !== data.systemId) {
    return stop(
      `${because}, but ${nameOf(server)} is system ${server.systemId} and PGDATA is system ${data.systemId}: another database. ` +
        'Wanted: the same one. A new volume copies it; nothing was changed here',
    );
  }
  const relation = relationTo(server, data);
  switch (relation.kind) {
    case 'follows':
      return standby(server.address);
    case 'newer':
      return stop(
        `${because}, but PGDATA is on timeline ${timelineOf(data)}, which came after what ${nameOf(server)} has (timeline ${timelineOf(server)}). ` +
          `Wanted: both to say the same. If this pod is the primary: \`pgusher promote ${question.contract.set} --record ${question.pod}\``,
      );
    case 'ahead':
    case 'diverged':
      return stop(
        `${because}, and PGDATA here cannot follow it: ${divergence(relation)}. Wanted: a copy of ${nameOf(server)}: ` +
          `${question.record.kind === 'record' || question.contract.role === 'standby' ? '' : `\`pgusher promote ${question.contract.set} --record POD\` first, then `}${copyAnew(question)}`,
      );
  }
}

/** Only what nobody else has is lost by it: the old data is kept until the copy streams. A standby of another set has no primary of its own to copy. */
function copyAnew({ pod, record, contract }: PrimaryQuestion): string {
  return record.kind !== 'record' && contract.role === 'standby'
    ? `delete the data claim of ${pod}, and the pod`
    : `\`pgusher rebuild ${pod}\``;
}

function divergence(relation: Extract<Relation, { kind: 'ahead' | 'diverged' }>): string {
  if (relation.kind === 'ahead') {
    return `it ends at ${formatLsn(relation.end)}, the server at ${formatLsn(relation.serverEnd)}, and what is between was flushed and lost there`;
  }
  return relation.at === null
    ? 'it comes from another promotion'
    : `it holds WAL behind ${formatLsn(relation.at)}, where the primary's timeline left this one`;
}

/** A restore, unless a standby that answers has more than it would bring back. */
function withoutNewerPeers(question: PrimaryQuestion, store: NonNullable<PrimaryQuestion['store']>): Verdict {
  const newer = question.peers.filter(
    (peer) =>
      timelineOf(peer) > store.timeline ||
      (timelineOf(peer) === store.timeline && (store.end === null || peer.end === null || peer.end > store.end)),
  );
  if (newer.length === 0) {
    return primary();
  }
  const has = newer
    .map(
      (peer) =>
        `${nameOf(peer)} (timeline ${timelineOf(peer)}, up to ${peer.end === null ? 'unknown' : formatLsn(peer.end)})`,
    )
    .join(', ');
  return stop(
    `PGDATA is empty, and the store, which ends at ${store.end === null ? 'an unknown place' : formatLsn(store.end)} on timeline ${store.timeline}, has less than ${has}. ` +
      `A restore would lose those rows. Wanted: \`pgusher promote ${question.contract.set} ${newer[0]?.pod ?? 'POD'}\`; this pod then copies it`,
  );
}

function mayHave({ peers }: PrimaryQuestion): string {
  return peers.length === 0 ? '' : ` Data may be newer on ${peers.map(nameOf).join(', ')}.`;
}

function noted({ pod }: PrimaryQuestion, leader: Peer): string {
  return `PGDATA of ${pod} is empty and ${nameOf(leader)} takes writes: it is copied, and followed`;
}

function nameOf(peer: Peer): string {
  return peer.pod ?? peer.address;
}

type Valid = Extract<OwnData, { kind: 'VALID' }>;

function primary(notes: readonly string[] = []): Verdict {
  return { kind: 'primary', notes };
}

function standby(of: string | null, notes: readonly string[] = []): Verdict {
  return { kind: 'standby', of, notes };
}

function stop(reason: string): Verdict {
  return { kind: 'stop', reason };
}
