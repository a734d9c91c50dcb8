import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentContract, StoreContract } from '../contract.ts';
import { archiveOf } from '../decision/archive-source.ts';
import type { RecordPlaces } from './other-primary.ts';
import { currentRecord } from './other-primary.ts';

/**
 * The store that restore_command is answered from while this pod's server is a standby of another set; null: the set's own, as in the recovery of
 * a restore. Once this set has had a primary of its own, what the other set's store gets is another history.
 */
export async function archiveNow(
  contract: Pick<AgentContract, 'role' | 'source' | 'set' | 'dataDirectory'>,
  places: RecordPlaces,
): Promise<StoreContract | null> {
  const archive = archiveOf(contract);
  if (archive === null || !(await isStandby(contract.dataDirectory))) {
    return null;
  }
  return (await currentRecord(contract.set, places)).kind === 'none' ? archive : null;
}

/** The server takes the file away at the end of a promotion. */
async function isStandby(dataDirectory: string): Promise<boolean> {
  return access(join(dataDirectory, 'standby.signal')).then(
    () => true,
    () => false,
  );
}
