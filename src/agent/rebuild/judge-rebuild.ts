import type { AgentContract } from '../contract.ts';
import { readDataDirectoryState } from '../decision/data-directory-state.ts';
import { linkedParts } from '../decision/lost-part.ts';
import { relationTo, timelineOf } from '../decision/timeline-relation.ts';
import { ownPosition } from '../restore/own-position.ts';
import { askPeer } from '../restore/peers.ts';
import { podsOfSet } from '../restore/set-pods.ts';
import type { SetPods } from '../restore/set-pods.ts';
import { readReplicationLogin } from '../restore/replication-login.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import type { Environment } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { formatBytes } from '../store/free-space.ts';
import { judgeRewind } from './judge-rewind.ts';
import type { RewindJudgement } from './judge-rewind.ts';
import type { Room } from './room.ts';
import { roomForCopy } from './room.ts';

/** Where the pod finds what it judges by. */
export interface RebuildEdges {
  readonly pod: string;
  readonly environment: Environment;
  readonly replicationSecret: string;
  readonly pods?: SetPods | undefined;
}

export interface RebuildWish {
  readonly primary: string;
  readonly discard: boolean;
}

export type RebuildJudgement =
  | {
      readonly kind: 'possible';
      readonly address: ServerAddress;
      readonly room: Room;
      readonly rewind: RewindJudgement;
      /** Of the old data, bytes. */
      readonly segmentSize: number;
    }
  /** PGDATA is empty: the next start copies the primary anyway. */
  | { readonly kind: 'empty' }
  /** The primary does not answer, or is none: the same may be asked again later. */
  | { readonly kind: 'not-now'; readonly reason: string }
  | { readonly kind: 'never'; readonly reason: string };

/** Whether this pod's data may be replaced by a copy of the primary's; looks, and changes nothing. Asked with the order, and again when it is carried out. */
export async function judgeRebuild(
  contract: AgentContract,
  edges: RebuildEdges,
  { primary, discard }: RebuildWish,
): Promise<RebuildJudgement> {
  const { pod } = edges;
  if (contract.replication === null) {
    return never(
      'this set has no login for replication; wanted postgres.io/replication-secret (a Secret with username and password)',
    );
  }
  if (primary === pod) {
    return never(`${pod} is the primary itself; wanted a standby, or an old primary`);
  }
  const address = (edges.pods ?? podsOfSet(contract)).addressOf(primary);
  if (address === null) {
    return never(
      `${primary} has no name in the network: the set has no governing Service (spec.serviceName); wanted one`,
    );
  }
  const answer = await askPeer({ pod: primary, address }, await readReplicationLogin(edges.replicationSecret));
  if (answer.kind === 'silent') {
    return notNow(`the primary ${primary} does not answer (${answer.reason}); wanted it running. Nothing was changed`);
  }
  const { peer } = answer;
  if (!peer.takesWrites) {
    return notNow(`${primary} is a standby itself; wanted a primary that takes writes. Nothing was changed`);
  }
  const data = await readDataDirectoryState(contract.dataDirectory, contract.dataMount);
  if (data.kind === 'EMPTY' || data.kind === 'OURS-PARTIAL') {
    return { kind: 'empty' };
  }
  if (data.kind !== 'VALID') {
    return never(
      `${data.found}. Wanted: a database of ${primary}'s in PGDATA; what lies there is not replaced. Delete the data claim of ${pod}, and the pod`,
    );
  }
  if (data.control.systemId !== peer.systemId) {
    return never(
      `PGDATA of ${pod} is system ${data.control.systemId}, ${primary} is system ${peer.systemId}: another database, which is not replaced. Where it may go, delete the data claim of ${pod}, and the pod`,
    );
  }
  const parts = await linkedParts(contract.dataDirectory, contract);
  if (parts.length > 0) {
    return never(
      `a part of the database lies outside PGDATA (${parts.map(({ link, location }) => `${link} in ${location}`).join(', ')}), where old and new have no place beside each other. Wanted: delete the data claims of ${pod}, and the pod`,
    );
  }
  const relation = relationTo(peer, await ownPosition(contract.dataDirectory, data.control));
  if (relation.kind === 'newer') {
    return never(
      `PGDATA of ${pod} is on a timeline that came after what ${primary} has (timeline ${timelineOf(peer)}): ${pod} was promoted later, and has rows that ${primary} lacks. If ${pod} is the primary: \`pgusher promote ${contract.set} --record ${pod}\``,
    );
  }
  const superuser = await readCredentials(edges.environment);
  const room = await roomForCopy(contract.dataMount, contract.dataDirectory, address, superuser);
  const rewind = await judgeRewind({
    contract,
    data,
    relation,
    primary,
    address,
    lineage: peer.lineage,
    superuser,
    free: room.free,
    discard,
  });
  return !discard && !hasRoom(room) && !(rewind.kind === 'possible' && rewind.clones)
    ? never(noRoom(pod, primary, room))
    : { kind: 'possible', address, room, rewind, segmentSize: data.control.segmentSize };
}

export function hasRoom({ needed, free }: Room): boolean {
  return needed <= free;
}

export function noRoom(pod: string, primary: string, { needed, free }: Room): string {
  return (
    `there is no room for both: a copy of ${primary} takes ${formatBytes(needed)}, and the data volume of ${pod} has ${formatBytes(free)} free. ` +
    `Wanted: a larger volume, or \`pgusher rebuild ${pod} --discard\`, which removes the old data before the copy is there`
  );
}

function never(reason: string): RebuildJudgement {
  return { kind: 'never', reason };
}

function notNow(reason: string): RebuildJudgement {
  return { kind: 'not-now', reason };
}
