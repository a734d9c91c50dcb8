import type { AgentContract } from '../contract.ts';
import type { DataDirectoryState } from '../decision/data-directory-state.ts';
import type { NewerTimeline } from '../decision/decide.ts';
import type { Role } from '../decision/pod-role.ts';
import type { StoreState } from '../decision/store-state.ts';
import type { WentBackJudgement } from '../decision/went-back.ts';
import { judgeWentBack } from '../decision/went-back.ts';
import { storeRoot } from '../store/layout.ts';
import { readDataPosition } from './data-position.ts';
import { lineageOfData, newestOwnTimeline } from './lineage.ts';
import { renewRecoveryEnd } from './recover-data-directory.ts';
import { forkId, readConsumed } from './restore-record.ts';
import type { WalPlace } from './segment-file.ts';
import { readStoreWal } from './store-wal.ts';
import { walRoute } from './wal-route.ts';
import { readTail } from './wal-tail.ts';

export interface DataQuestion {
  readonly contract: AgentContract;
  readonly role: Role;
  readonly data: DataDirectoryState;
  readonly store: StoreState;
  readonly newerTimeline: NewerTimeline | null;
}

/**
 * Whether PGDATA went back behind its own store. Not asked of a standby, which streams what it lacks; nor of a recovery under way, which
 * is behind on purpose; nor where a set with standbys has a newer timeline in its store: that was a promotion, and another pod is primary.
 */
export async function judgeData(question: DataQuestion): Promise<WentBackJudgement | null> {
  const { contract, role, data, store, newerTimeline } = question;
  if (role !== 'primary' || data.kind !== 'VALID' || data.signal !== null || contract.store === null) {
    return null;
  }
  const promoted = newerTimeline !== null && contract.replication !== null;
  if (promoted || (store.kind !== 'BACKUPS' && store.kind !== 'CLAIMED') || store.systemId !== data.control.systemId) {
    return null;
  }
  const root = storeRoot(contract.store);
  const position = await readDataPosition({
    place: placeOf(root, data),
    backups: store.kind === 'BACKUPS' ? store.backups : [],
    dataDirectory: contract.dataDirectory,
    control: data.control,
    ownTimeline: await newestOwnTimeline(contract.dataDirectory, data.control.timeline),
  });
  const used = await readConsumed(root, forkId(contract.restore.id)).catch(() => undefined);
  return judgeWentBack(position, contract.whenBehind ?? 'stop', used?.restoredAt ?? null);
}

/** For a start in the middle of a recovery from the set's own store. */
export async function goOnToEnd(contract: AgentContract, data: DataDirectoryState, store: StoreState): Promise<void> {
  if (
    data.kind !== 'VALID' ||
    data.signal !== 'recovery' ||
    contract.store === null ||
    // A spool has the WAL that this recovery goes on with, and no base backup.
    (store.kind !== 'BACKUPS' && store.kind !== 'CLAIMED') ||
    store.systemId !== data.control.systemId
  ) {
    return;
  }
  const place = placeOf(storeRoot(contract.store), data);
  await renewRecoveryEnd(contract.dataDirectory, async () => {
    const wal = await readStoreWal(place);
    const lineage = await lineageOfData(place, wal, contract.dataDirectory, data.control.timeline);
    const { steps, gap } = walRoute(wal, lineage, data.control.redo / BigInt(place.segmentSize), place.segmentSize);
    return gap === null ? (await readTail(place, steps)).lastStart : null;
  });
}

function placeOf(root: string, { control }: Extract<DataDirectoryState, { kind: 'VALID' }>): WalPlace {
  return { root, systemId: control.systemId, segmentSize: control.segmentSize };
}
