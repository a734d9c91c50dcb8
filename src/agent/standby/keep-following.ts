import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AgentContract } from '../contract.ts';
import { environmentNames } from '../contract.ts';
import type { AgentStatus } from '../backup/agent-status.ts';
import type { BackupEdges } from '../backup/backup-edges.ts';
import { pause } from '../backup/pause.ts';
import { reconcileReplication } from '../backup/replication.ts';
import type { StatusReport } from '../backup/status-report.ts';
import { messageOf } from '../backup/status-report.ts';
import { archiveOf } from '../decision/archive-source.ts';
import { timelineOf } from '../decision/timeline-relation.ts';
import type { WalPosition } from '../decision/timeline-relation.ts';
import { removeOldData } from '../rebuild/old-data.ts';
import type { PasswordsToSet } from '../passwords/keep-setting-passwords.ts';
import { askPeer, readPeer } from '../restore/peers.ts';
import { addressText, podsOfSet } from '../restore/set-pods.ts';
import { makeStandbySlot } from '../restore/standby-slot.ts';
import { connectionString, replicationPassfile, standbySlotName } from '../restore/standby.ts';
import { readReplicationLogin } from '../restore/replication-login.ts';
import { walRoute } from '../restore/wal-route.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import { writePassfile } from '../server-connection/passfile.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { whyNotAsked } from '../server-connection/postmaster-status.ts';
import { connectAsReplication } from '../server-connection/server-connection.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';
import { openWalSession } from '../wal-service/wal-session.ts';
import { walOfStandby } from './archive-now.ts';
import { archiveTrouble } from './archive-trouble.ts';
import { becomesStandby } from './become-standby.ts';
import { currentRecord, endsRecovery, otherPrimary, primaryInsteadOf } from './other-primary.ts';
import { keepSynchronous } from './keep-synchronous.ts';
import type { StandbyServer } from './standby-server.ts';
import { forgetArchive, readStandbyServer, setUpstream, stopServer } from './standby-server.ts';
import { sayStandbyTrouble } from './standby-trouble.ts';
import { neverStreams, walIsGone } from './streaming-trouble.ts';

export interface FollowingOptions {
  readonly contract: AgentContract;
  readonly edges: BackupEdges;
  readonly report: StatusReport;
  readonly status: AgentStatus;
  readonly stopping: AbortSignal;
  readonly passwords: PasswordsToSet;
}

/**
 * What a server with a replication login needs beside backups, whether there are backups or not. As a standby: the passfile follows its Secret,
 * the primary the record, a slot that is missing is made, and one that can never stream again is not Ready and says why.
 * As a primary that makes no backups: role and pg_hba line (with backups, session.ts keeps them).
 */
export async function keepFollowing(options: FollowingOptions): Promise<void> {
  const { contract, report, stopping } = options;
  if (contract.replication === null) {
    return;
  }
  const known: Known = { password: null, probeAt: null, slotAt: null };
  const stopped = (): boolean => stopping.aborted;
  while (!stopped()) {
    let calm = false;
    try {
      calm = await lookOnce(options, known);
      report.recovered('following');
    } catch (error) {
      if (!stopped()) {
        report.failed('following', messageOf(error));
      }
    }
    await pause(calm ? 3_000 : 1_000, stopping);
  }
}

interface Known {
  /** What the passfile has. */
  password: string | null;
  /** When the primary is asked for the WAL again (performance.now()); null while all is well. */
  probeAt: number | null;
  /** When its slot is made anew, should it be gone; null while all is well. One that is there is an error in the primary's log each time. */
  slotAt: number | null;
}

/** A standby that has just lost its connection is back by itself, and to be asked for WAL costs the primary some. */
const probeEveryMs = 15_000;

/** @returns whether all is as it should be. */
async function lookOnce(options: FollowingOptions, known: Known): Promise<boolean> {
  const { contract, edges } = options;
  const reason = await whyNotAsked(contract.dataDirectory);
  if (reason !== null) {
    noteAbsent(options, reason);
    return false;
  }
  const credentials = await readCredentials(edges.environment);
  const address = { host: '127.0.0.1', port: contract.serverPort };
  const attempt = await connectAsReplication(
    { ...address, from: options.passwords.loginFrom ?? undefined },
    credentials,
  );
  if (attempt.kind !== 'connected') {
    noteAbsent(options, attempt.kind === 'absent' ? 'nothing listens there yet' : attempt.message);
    // Not there yet, or not for us: said by who makes backups. Without backups nobody else would.
    if (attempt.kind === 'refused' && !options.passwords.waitedFor) {
      throw new Error(`the server does not let ${credentials.user} in: ${attempt.message}`);
    }
    return false;
  }
  try {
    const server = await readStandbyServer(attempt.connection);
    if (withoutBackups(contract)) {
      await noteServer(options, attempt.connection, { address, major: server.major });
    }
    const follows = server.inRecovery && !(await endsRecovery(contract.dataDirectory));
    options.status.standby = follows ? { streaming: server.streaming } : null;
    if (!follows) {
      if (await givesUp(options, attempt.connection, address)) {
        return false;
      }
      if (server.inRecovery) {
        return true;
      }
    } else {
      const calm = await followOnce(options, attempt.connection, server, known);
      return (await keepSynchronous(attempt.connection, options, true)) && calm;
    }
    await sayStandbyTrouble(options.edges.shared, options.report, null);
    if (withoutBackups(contract)) {
      await reconcileReplication({ contract, edges }, { address, credentials });
    }
    return await keepSynchronous(attempt.connection, options, false);
  } finally {
    await attempt.connection.close();
  }
}

/** Nobody else looks at the server then, and who asks for the roles of a set's pods reads it from the report. */
function withoutBackups({ backup, store }: AgentContract): boolean {
  return backup === null || store === null;
}

function noteAbsent({ contract, status }: FollowingOptions, reason: string): void {
  if (withoutBackups(contract)) {
    status.server = { kind: 'waiting', reason };
  }
  // Whether it still follows is not to be known while it is down; that it does not stream is.
  if (status.standby !== null) {
    status.standby = { streaming: false };
  }
}

async function noteServer(
  { edges, status }: FollowingOptions,
  connection: ServerConnection,
  { address, major }: { readonly address: ServerAddress; readonly major: number },
): Promise<void> {
  const pod = edges.environment[environmentNames.pod] ?? '';
  const peer = await readPeer({ pod, address }, connection);
  status.server = peer.takesWrites
    ? { kind: 'primary', systemId: peer.systemId, timeline: timelineOf(peer), major }
    : { kind: 'recovering' };
}

/**
 * A primary that learns that another pod is: two that take writes lose rows, so its server stops, and its container starts again as a standby. It
 * is one that did not answer when the other was promoted: it was being restored, or on the other side of a broken network.
 */
async function givesUp(
  options: FollowingOptions,
  connection: ServerConnection,
  address: ServerAddress,
): Promise<boolean> {
  const { contract, edges } = options;
  const pod = edges.environment[environmentNames.pod] ?? '';
  const record = await currentRecord(contract, edges);
  const other = primaryInsteadOf(pod, timelineOf(await readPeer({ pod, address }, connection)), record);
  if (other === null) {
    return false;
  }
  await sayStandbyTrouble(
    edges.shared,
    options.report,
    `${other.primary} is primary since ${other.since}, and the server of ${pod} took writes too, or was about to: it is stopped, and starts again as a standby`,
  );
  await becomesStandby(contract.dataDirectory, edges.shared);
  await stopServer(connection);
  return true;
}

async function followOnce(
  options: FollowingOptions,
  connection: ServerConnection,
  server: StandbyServer,
  known: Known,
): Promise<boolean> {
  const { contract, edges } = options;
  const login = await readReplicationLogin(edges.replicationSecret);
  const pod = edges.environment[environmentNames.pod] ?? '';
  const passfile = replicationPassfile(edges.shared);
  if (login.password !== known.password) {
    // Read by libpq at each connection: a rotated Secret needs no reload, and a standby that streams is not disturbed.
    // A server that was a primary at its start has none.
    await mkdir(dirname(passfile), { recursive: true, mode: 0o700 });
    await writePassfile(passfile, login.password);
    known.password = login.password;
  }
  const pods = edges.pods ?? podsOfSet(contract);
  const record = await currentRecord(contract, edges);
  if (record.kind === 'unreadable') {
    throw new Error(record.reason);
  }
  const named = otherPrimary(pod, record)?.primary ?? null;
  const primary = (named === null ? null : pods.addressOf(named)) ?? server.primary;
  if (primary === null) {
    return false;
  }
  const upstream = { ...primary, user: login.user, passfile, pod, slot: standbySlotName(pod) };
  if (server.primary === null || addressText(server.primary) !== addressText(primary)) {
    if (server.major < 13) {
      throw new Error(
        `${named ?? ''} is primary now; PostgreSQL ${server.major} follows another primary after a restart only: delete pod ${pod}`,
      );
    }
    const slot = await makeStandbySlot(upstream, login);
    if (archiveOf(contract) !== null) {
      // That set's backups get another history from now on.
      await forgetArchive(connection);
    }
    await setUpstream(connection, {
      conninfo: connectionString(upstream),
      slot: slot.kind === 'failed' ? null : upstream.slot,
    });
    edges.log.info({ primary: addressText(primary) }, 'this standby follows another primary from now on');
    return false;
  }
  if (server.streaming && server.slot !== '') {
    known.probeAt = null;
    known.slotAt = null;
    await sayStandbyTrouble(options.edges.shared, options.report, null);
    await removeOldData(contract, edges.log);
    return true;
  }
  return mend(options, connection, server, { upstream, login, named, known });
}

interface Mending {
  readonly upstream: ServerAddress & { readonly slot: string; readonly pod: string };
  readonly login: Credentials;
  readonly named: string | null;
  readonly known: Known;
}

/** Does not stream, or without a slot. */
async function mend(
  options: FollowingOptions,
  connection: ServerConnection,
  server: StandbyServer,
  { upstream, login, named, known }: Mending,
): Promise<boolean> {
  const { report, edges } = options;
  // Itself first: what arrives between two questions must not look like more than the primary has.
  const own = await readPeer({ pod: upstream.pod, address: upstream }, connection);
  const answer = await askPeer({ pod: named, address: upstream }, login);
  if (answer.kind === 'silent') {
    // It may come back: no reason to send readers away.
    report.failed('standby', `the primary ${addressText(upstream)} does not answer: ${answer.reason}`);
    return false;
  }
  const never = neverStreams(upstream.pod, own, answer.peer);
  if (never !== null) {
    await sayStandbyTrouble(edges.shared, report, never);
    return false;
  }
  if (!server.streaming) {
    known.probeAt ??= performance.now() + probeEveryMs / 3;
    if (performance.now() >= known.probeAt) {
      known.probeAt = performance.now() + probeEveryMs;
      const gone = await walIsGone(upstream.pod, own, answer.peer, upstream, login);
      const comes = gone !== null && (await comesFromArchive(options, server, own));
      await sayStandbyTrouble(edges.shared, report, comes ? null : gone);
    }
  }
  if (server.slot !== '' && known.slotAt !== null && performance.now() < known.slotAt) {
    return false;
  }
  const slot = await makeStandbySlot(upstream, login);
  if (slot.kind === 'failed') {
    report.failed('standby', `slot ${upstream.slot} cannot be made at ${addressText(upstream)}: ${slot.reason}`);
    return false;
  }
  known.slotAt = performance.now() + probeEveryMs;
  if (server.slot === '' && server.major >= 13) {
    await setUpstream(connection, { slot: upstream.slot });
  }
  return false;
}

/** What the primary has recycled is in backups that this standby may read, so that it gets on, and streams later. */
async function comesFromArchive(
  { contract, edges }: FollowingOptions,
  server: StandbyServer,
  own: WalPosition,
): Promise<boolean> {
  const question = server.fetches ? await walOfStandby(contract, edges) : null;
  if (question === null || own.end === null) {
    return false;
  }
  const session = await openWalSession(question, edges.storeMustBeMount).catch(() => null);
  if (session === null) {
    return false;
  }
  const { wal, lineage, place } = session;
  const { steps } = walRoute(wal, lineage, own.end / BigInt(place.segmentSize), place.segmentSize);
  return steps.length > 0 && archiveTrouble('', own, { wal, lineage, segmentSize: place.segmentSize }) === null;
}
