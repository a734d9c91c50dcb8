import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '../backup/pause.ts';
import { messageOf } from '../backup/status-report.ts';
import { environmentNames } from '../contract.ts';
import { timelineOf } from '../decision/timeline-relation.ts';
import type { WalPosition } from '../decision/timeline-relation.ts';
import { readPeer } from '../restore/peers.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import { whyNotAsked } from '../server-connection/postmaster-status.ts';
import { connectAsReplication } from '../server-connection/server-connection.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';
import { readReceived } from '../store/received.ts';
import type { Received } from '../store/received.ts';
import { OtherSystem, openWalSession } from '../wal-service/wal-session.ts';
import type { WalQuestion } from '../wal-service/wal-session.ts';
import { followedBackups } from './archive-now.ts';
import { archiveStanding } from './archive-standing.ts';
import type { Replayed } from './archive-standing.ts';
import { archiveTrouble, otherSystem } from './archive-trouble.ts';
import type { FollowingOptions } from './keep-following.ts';
import { sayStandbyTrouble, standbyTroubleFile } from './standby-trouble.ts';

/**
 * Beside a standby that follows another set's backups: how far it is, in time, and whether it will ever get further. The server fetches and
 * replays by itself.
 */
export async function keepFollowingArchive(options: FollowingOptions): Promise<void> {
  const { report, stopping } = options;
  const known: Known = { follows: false, hopelessSince: null };
  const stopped = (): boolean => stopping.aborted;
  while (!stopped()) {
    try {
      await lookOnce(options, known);
      report.recovered('archive');
    } catch (error) {
      if (!stopped()) {
        report.failed('archive', messageOf(error));
      }
    }
    await pause(lookMs, stopping);
  }
}

const lookMs = 3_000;

/** A segment is in neither of two folders for a moment when it is moved: what is said to be so for good has to last. */
const believeMs = 10_000;

/** The agent of that set notes every few seconds how far its store reaches, idle or not. */
const silentMs = 300_000;

interface Known {
  /** It was a standby of these backups at the last look. */
  follows: boolean;
  /** Since when every look said so (performance.now()). */
  hopelessSince: number | null;
}

async function lookOnce(options: FollowingOptions, known: Known): Promise<void> {
  const { contract, edges, report, status } = options;
  const pod = edges.environment[environmentNames.pod] ?? '';
  const archive = await followedBackups(contract, edges);
  if (archive === null) {
    if (known.follows) {
      // Promoted.
      known.follows = false;
      status.archive = null;
      await sayStandbyTrouble(edges.shared, report, null);
    }
    return;
  }
  known.follows = true;
  const own = await askServer(options);
  if (own === null) {
    return;
  }
  const store = await askStore(archive, edges.storeMustBeMount, (wal) => archiveTrouble(pod, own.position, wal));
  status.archive = archiveStanding(status.archive, own.replayed, store.kind === 'read' ? store.received : undefined);
  if (contract.primary !== null) {
    // It streams, and keep-following.ts says where it cannot.
    return;
  }
  const never = store.kind === 'other' ? otherSystem(pod, store.reason) : store.kind === 'read' ? store.never : null;
  known.hopelessSince = never === null ? null : (known.hopelessSince ?? performance.now());
  if (never !== null && performance.now() - (known.hopelessSince ?? 0) < believeMs) {
    return;
  }
  const waits = whyWaiting(own, store, edges.now());
  if (never === null && waits !== null) {
    // It may go on: no reason to send readers away.
    await rm(join(edges.shared, standbyTroubleFile), { force: true });
    report.failed('standby', waits);
    return;
  }
  await sayStandbyTrouble(edges.shared, report, never);
}

function whyWaiting(own: OwnServer, store: StoreAnswer, now: Date): string | null {
  if (store.kind === 'away') {
    return `the backups that are followed cannot be read (${store.reason}): this server shows what it has, and waits`;
  }
  return own.paused
    ? 'the replay is paused on this server; SELECT pg_wal_replay_resume() lets it go on, and its log says why where nobody did that'
    : silentSince(store.kind === 'read' ? store.received : undefined, now);
}

interface OwnServer {
  readonly position: WalPosition;
  readonly replayed: Replayed;
  readonly paused: boolean;
}

/** Null: it does not answer now, or is no standby. */
async function askServer({ contract, edges, passwords, status }: FollowingOptions): Promise<OwnServer | null> {
  if ((await whyNotAsked(contract.dataDirectory)) !== null) {
    return null;
  }
  const credentials = await readCredentials(edges.environment);
  const address = { host: '127.0.0.1', port: contract.serverPort };
  const attempt = await connectAsReplication({ ...address, from: passwords.loginFrom ?? undefined }, credentials);
  if (attempt.kind === 'refused') {
    throw new Error(
      `how far this standby is cannot be asked: it does not let ${credentials.user} in with the password of this pod (${attempt.message}); wanted the password of the set that is followed`,
    );
  }
  if (attempt.kind !== 'connected') {
    return null;
  }
  try {
    const peer = await readPeer({ pod: null, address }, attempt.connection);
    if (peer.takesWrites) {
      status.archive = null;
      return null;
    }
    return { position: peer, ...(await readReplay(attempt.connection, timelineOf(peer))) };
  } finally {
    await attempt.connection.close();
  }
}

async function readReplay(connection: ServerConnection, timeline: number): Promise<Omit<OwnServer, 'position'>> {
  const [row] = await connection.query<{ lsn: string | null; at: string | null; paused: boolean }>(
    `SELECT pg_catalog.pg_last_wal_replay_lsn()::text AS lsn, pg_catalog.pg_is_wal_replay_paused() AS paused,
            EXTRACT(epoch FROM pg_catalog.pg_last_xact_replay_timestamp())::text AS at`,
  );
  return {
    paused: row?.paused === true,
    replayed: {
      timeline,
      lsn: row?.lsn ?? '0/0',
      lastTransactionAt: row?.at === null || row === undefined ? null : new Date(Number(row.at) * 1000),
    },
  };
}

type StoreAnswer =
  | { readonly kind: 'read'; readonly received: Received | undefined; readonly never: string | null }
  | { readonly kind: 'other'; readonly reason: string }
  | { readonly kind: 'away'; readonly reason: string };

async function askStore(
  question: WalQuestion,
  mustBeMount: boolean,
  judge: (wal: Parameters<typeof archiveTrouble>[2]) => string | null,
): Promise<StoreAnswer> {
  try {
    const { place, wal, lineage } = await openWalSession(question, mustBeMount);
    const { root, systemId, segmentSize } = place;
    return {
      kind: 'read',
      received: await readReceived(root, systemId),
      never: judge({ wal, lineage, segmentSize }),
    };
  } catch (error) {
    return { kind: error instanceof OtherSystem ? 'other' : 'away', reason: messageOf(error) };
  }
}

function silentSince(received: Received | undefined, now: Date): string | null {
  return received === undefined || now.getTime() - Date.parse(received.through) < silentMs
    ? null
    : `the backups that are followed have got nothing since ${received.through}: look at the agent of that set`;
}
