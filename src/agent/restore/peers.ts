import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from '../decision/who-is-primary.ts';
import type { Log } from '../log.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';
import { parseLsn } from '../store/wal-name.ts';
import { lineageOf } from './lineage.ts';
import { addressText } from './set-pods.ts';
import type { Place } from './set-pods.ts';

/** All of it: a peer that does not answer must not keep a good database down. */
const patienceMs = 2_000;

/**
 * Which servers answer, how far they have come, and which of them takes writes. Asked by replication commands (PostgreSQL manual,
 * "Streaming Replication Protocol"), since a login for replication may ask nothing else. Who cannot be reached in two
 * seconds proves nothing; never throws.
 */
export async function askPeers(
  places: Promise<readonly Place[]>,
  credentials: Credentials,
  log: Log,
): Promise<readonly Peer[]> {
  const answered: Peer[] = [];
  const given = new AbortController();
  const late = sleep(patienceMs, undefined, { signal: given.signal }).catch(() => undefined);
  try {
    const all = places.then(async (found) =>
      Promise.all(
        found.map(async (place) => {
          const answer = await askPeer(place, credentials);
          if (answer.kind === 'answered') {
            answered.push(answer.peer);
          }
        }),
      ),
    );
    await Promise.race([late, all]);
  } catch (error) {
    log.warn({ err: error }, 'the other servers of the set could not be asked for their timeline');
  } finally {
    given.abort();
  }
  return [...answered];
}

export type PeerAnswer =
  { readonly kind: 'answered'; readonly peer: Peer } | { readonly kind: 'silent'; readonly reason: string };

/** One server. */
export async function askPeer(place: Place, credentials: Credentials): Promise<PeerAnswer> {
  // The driver is loaded where there is somebody to ask: every start of a pod waits for `restore`.
  const { connectAsStandby } = await import('../server-connection/server-connection.ts');
  const attempt = await connectAsStandby(place.address, credentials);
  if (attempt.kind !== 'connected') {
    return { kind: 'silent', reason: attempt.kind === 'absent' ? 'nothing listens there' : attempt.message };
  }
  try {
    return { kind: 'answered', peer: await readPeer(place, attempt.connection) };
  } catch (error) {
    return { kind: 'silent', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await attempt.connection.close();
  }
}

/** By a connection that takes replication commands. */
export async function readPeer({ pod, address }: Place, connection: ServerConnection): Promise<Peer> {
  const [system] = await connection.query<{ systemid: string; timeline: number | string; xlogpos: string }>(
    'IDENTIFY_SYSTEM',
  );
  if (system === undefined) {
    throw new Error('it did not say who it is');
  }
  const timeline = Number(system.timeline);
  const history = timeline === 1 ? null : await readHistory(connection, timeline);
  return {
    pod,
    address: addressText(address),
    systemId: system.systemid,
    lineage: lineageOf(timeline, history),
    end: parseLsn(system.xlogpos),
    takesWrites: !(await isInRecovery(connection)),
  };
}

async function readHistory(connection: ServerConnection, timeline: number): Promise<string> {
  const [history] = await connection.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${timeline}`);
  return history?.content.toString() ?? '';
}

/**
 * No replication command says it, but SHOW is one: in_hot_standby from version 14 on; before, a transaction in recovery is read only
 * whatever the settings say.
 */
async function isInRecovery(connection: ServerConnection): Promise<boolean> {
  const [newer] = await connection.query<{ in_hot_standby: string }>('SHOW in_hot_standby').catch(() => []);
  if (newer !== undefined) {
    return newer.in_hot_standby === 'on';
  }
  const [older] = await connection.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
  return older?.transaction_read_only === 'on';
}
