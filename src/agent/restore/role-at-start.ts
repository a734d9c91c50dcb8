import type { AgentContract } from '../contract.ts';
import { archiveOf } from '../decision/archive-source.ts';
import type { DataDirectoryState } from '../decision/data-directory-state.ts';
import { podOrdinal } from '../decision/pod-role.ts';
import type { RecordReading } from '../decision/primary-record.ts';
import type { StoreState } from '../decision/store-state.ts';
import type { ArchiveReading, Peer, PrimaryQuestion, Verdict } from '../decision/who-is-primary.ts';
import { roleWithoutReplication, whoIsPrimary } from '../decision/who-is-primary.ts';
import type { Log } from '../log.ts';
import { recordAtStart } from '../standby/other-primary.ts';
import { storeRoot } from '../store/layout.ts';
import { latestLineage } from './lineage.ts';
import { ownPosition } from './own-position.ts';
import { askPeers } from './peers.ts';
import { planRestore } from './restore-plan.ts';
import { addressText, parseAddress } from './set-pods.ts';
import type { Place, SetPods } from './set-pods.ts';
import { readReplicationLogin } from './replication-login.ts';

export interface RoleSurroundings {
  readonly pod: string;
  readonly liveSettings: string;
  readonly shared: string;
  readonly replicationSecret: string;
  readonly pods: SetPods;
  readonly log: Log;
}

/** Looks at everything that who-is-primary.ts judges by. */
export async function roleAtStart(
  contract: AgentContract,
  surroundings: RoleSurroundings,
  data: DataDirectoryState,
  { store, source }: { readonly store: StoreState; readonly source: StoreState },
): Promise<Verdict> {
  const { pod, pods } = surroundings;
  const record = await recordAtStart(contract, surroundings);
  const archive = await readArchive(contract, source);
  const nobodyElse = contract.replication === null && record.kind === 'none' && archive === null;
  if ((data.kind !== 'VALID' && data.kind !== 'EMPTY') || nobodyElse) {
    const role = roleWithoutReplication(contract.role, pod);
    return role === 'primary' ? { kind: 'primary', notes: [] } : { kind: 'standby', of: contract.primary, notes: [] };
  }
  const peers = await answeringPeers(contract, surroundings);
  const question: PrimaryQuestion = {
    pod,
    contract,
    record,
    data:
      data.kind === 'EMPTY'
        ? data
        : {
            kind: 'VALID',
            systemId: data.control.systemId,
            signal: data.signal,
            ...(await ownPosition(contract.dataDirectory, data.control)),
          },
    peers,
    store: mayRestore(pod, record, data, peers) ? await restorable(contract, store) : null,
    archive,
    addressOf: (name) => {
      const address = pods.addressOf(name);
      return address === null ? null : addressText(address);
    },
  };
  const verdict = whoIsPrimary(question);
  return verdict.kind === 'standby' &&
    verdict.archive === undefined &&
    (await sharesStore(contract, verdict.of, peers, store))
    ? { ...verdict, archive: 'own' }
    : verdict;
}

/**
 * Whether what the primary archives comes into this pod's own store, so that what it has recycled is here: the store ends on the timeline that the
 * primary is on. One of this pod alone has nothing, or what it was written with while this pod was primary.
 */
async function sharesStore(
  contract: AgentContract,
  of: string | null,
  peers: readonly Peer[],
  store: StoreState,
): Promise<boolean> {
  const primary = peers.find((peer) => peer.takesWrites && peer.address === of);
  if (
    primary === undefined ||
    contract.store === null ||
    store.kind !== 'BACKUPS' ||
    store.systemId !== primary.systemId
  ) {
    return false;
  }
  const ofBackups = store.backups.map(({ timeline }) => timeline);
  const lineage = await latestLineage(storeRoot(contract.store), store.systemId, store.wal, ofBackups).catch(() => []);
  const [ends, runs] = [lineage.at(-1), primary.lineage.at(-1)];
  return ends !== undefined && ends.timeline === runs?.timeline && ends.begin === runs.begin;
}

async function answeringPeers(
  contract: AgentContract,
  { pod, pods, replicationSecret, log }: RoleSurroundings,
): Promise<readonly Peer[]> {
  if (contract.replication === null) {
    return [];
  }
  const login = await readReplicationLogin(replicationSecret);
  return askPeers(placesOf(contract, pod, pods), login, log);
}

/** The other pods of the set, and the server that postgres.io/primary names. */
async function placesOf({ set, primary }: AgentContract, pod: string, pods: SetPods): Promise<readonly Place[]> {
  const own = (await pods.list()).filter((place) => place.pod !== pod);
  return primary === null ||
    primary.startsWith(`${set}-0.`) ||
    own.some(({ address }) => addressText(address) === primary)
    ? own
    : [...own, { pod: null, address: parseAddress(primary) }];
}

/** Only there it is asked what the store would bring back: that reads its newest WAL, and a store with a hole in it is no reason not to copy. */
function mayRestore(pod: string, record: RecordReading, data: DataDirectoryState, peers: readonly Peer[]): boolean {
  if (data.kind !== 'EMPTY') {
    return false;
  }
  return record.kind === 'record'
    ? record.record.primary === pod
    : podOrdinal(pod) === 0 && peers.length > 0 && !peers.some((peer) => peer.takesWrites);
}

async function readArchive(contract: AgentContract, source: StoreState): Promise<ArchiveReading | null> {
  const archive = archiveOf(contract);
  if (archive === null) {
    return null;
  }
  if ((source.kind !== 'BACKUPS' && source.kind !== 'CLAIMED') || source.systemId === null || source.wal === null) {
    return { kind: 'unread' };
  }
  const { systemId, wal } = source;
  const ofBackups = source.kind === 'BACKUPS' ? source.backups.map(({ timeline }) => timeline) : [];
  return latestLineage(storeRoot(archive), systemId, wal, ofBackups).then(
    (lineage) => ({ kind: 'read', systemId, lineage }),
    () => ({ kind: 'unread' }),
  );
}

async function restorable(contract: AgentContract, store: StoreState): Promise<PrimaryQuestion['store']> {
  if (store.kind !== 'BACKUPS' || contract.store === null) {
    return null;
  }
  const plan = await planRestore(
    {
      root: storeRoot(contract.store),
      systemId: store.systemId,
      segmentSize: store.identity.segmentSize ?? store.backups[0]?.segmentSize ?? 0,
    },
    store.backups,
    { backup: 'latest', target: null, major: contract.major, places: contract },
  );
  return { timeline: plan.lineage.at(-1)?.timeline ?? 1, end: plan.end };
}
