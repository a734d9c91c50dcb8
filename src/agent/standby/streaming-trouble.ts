import { setTimeout as sleep } from 'node:timers/promises';
import { relationTo, timelineOf } from '../decision/timeline-relation.ts';
import type { Peer } from '../decision/who-is-primary.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { connectAsStandby } from '../server-connection/server-connection.ts';
import { formatLsn } from '../store/wal-name.ts';

/** Why a standby will never stream again as it is, in a sentence; null where nothing says so. `own` is its own server's answer. */
export function neverStreams(pod: string, own: Peer, primary: Peer): string | null {
  if (own.systemId !== primary.systemId) {
    return `${nameOf(primary)} is another database (system ${primary.systemId}, this one ${own.systemId}); wanted the same one. Where this one may go, delete the data claim of ${pod}, and the pod`;
  }
  const relation = relationTo(primary, own);
  switch (relation.kind) {
    case 'follows':
      return null;
    case 'newer':
      return `this server is on timeline ${timelineOf(own)}, which came after what ${nameOf(primary)} has (timeline ${timelineOf(primary)}); wanted one that is at least as far`;
    case 'ahead':
      return `this server has WAL up to ${formatLsn(relation.end)}, ${nameOf(primary)} only up to ${formatLsn(relation.serverEnd)}: it lost what it had flushed; ${wanted(pod, primary)}`;
    case 'diverged':
      return relation.at === null
        ? `this server's timeline ${timelineOf(own)} comes from another promotion than ${nameOf(primary)}'s; ${wanted(pod, primary)}`
        : `${nameOf(primary)} left this server's timeline ${timelineOf(own)} at ${formatLsn(relation.at)}, and this server has WAL behind that; ${wanted(pod, primary)}`;
  }
}

/**
 * Whether the primary still has the WAL that this server needs next, asked as the server itself asks. It answers with an error, or
 * begins to send: silence for a while is a yes.
 */
export async function walIsGone(
  pod: string,
  own: Peer,
  primary: Peer,
  address: ServerAddress,
  credentials: Credentials,
): Promise<string | null> {
  const attempt = await connectAsStandby(address, credentials);
  if (attempt.kind !== 'connected' || own.end === null) {
    return null;
  }
  const from = formatLsn(own.end - (own.end % 0x100000n));
  const given = new AbortController();
  try {
    const answer = attempt.connection
      .query(`START_REPLICATION PHYSICAL ${from} TIMELINE ${timelineOf(own)}`)
      .then(() => null)
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    const words = await Promise.race([answer, sleep(1_000, null, { signal: given.signal }).catch(() => null)]);
    return words !== null && /has already been removed/.test(words)
      ? `${nameOf(primary)} has recycled the WAL that this server needs next (${words}); ${wanted(pod, primary)}`
      : null;
  } finally {
    given.abort();
    await attempt.connection.close();
  }
}

function wanted(pod: string, primary: Peer): string {
  return `wanted a new copy of ${nameOf(primary)}, once the record names it: \`pgusher rebuild ${pod}\``;
}

function nameOf(peer: Peer): string {
  return peer.pod ?? peer.address;
}
