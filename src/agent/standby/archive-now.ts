import type { AgentContract } from '../contract.ts';
import { archiveOf } from '../decision/archive-source.ts';
import type { WalQuestion } from '../wal-service/wal-session.ts';
import type { RecordPlaces } from './other-primary.ts';
import { currentRecord, isStandbyData } from './other-primary.ts';

/**
 * The backups that this pod's server is a standby of: another set's, until this set has had a primary of its own, since what comes there
 * afterwards is another history. Null: it is none.
 */
export async function followedBackups(
  contract: Pick<AgentContract, 'role' | 'source' | 'store' | 'namespace' | 'set' | 'replication' | 'dataDirectory'>,
  places: RecordPlaces,
): Promise<WalQuestion | null> {
  const { dataDirectory } = contract;
  const store = archiveOf(contract);
  return store !== null &&
    (await isStandbyData(dataDirectory)) &&
    (await currentRecord(contract, places)).kind === 'none'
    ? { store, owner: null, dataDirectory }
    : null;
}

/** What restore_command of a standby is answered from: those, or the set's own. Null: the server is no standby, or there is nothing to ask. */
export async function walOfStandby(
  contract: Pick<AgentContract, 'role' | 'source' | 'store' | 'namespace' | 'set' | 'replication' | 'dataDirectory'>,
  places: RecordPlaces,
): Promise<WalQuestion | null> {
  const { store, namespace, set, dataDirectory } = contract;
  const followed = await followedBackups(contract, places);
  if (followed !== null || store === null || !(await isStandbyData(dataDirectory))) {
    return followed;
  }
  return { store, owner: { namespace, set }, dataDirectory };
}
