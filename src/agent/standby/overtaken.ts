import type { AgentContract } from '../contract.ts';
import type { Log } from '../log.ts';
import { becomesStandby } from './become-standby.ts';
import type { RecordPlaces } from './other-primary.ts';
import { currentRecord, endsRecovery, otherPrimary } from './other-primary.ts';

/**
 * Why the recovery of a restored database must not go on, for restore_command: while it was restored, another pod became primary. Its server
 * starts again as a standby then. Null: it may go on.
 */
export async function standAside(
  contract: Pick<AgentContract, 'set' | 'namespace' | 'store' | 'dataDirectory' | 'replication'>,
  pod: string,
  places: RecordPlaces,
  log: Log,
): Promise<string | null> {
  if (contract.replication === null || !(await endsRecovery(contract.dataDirectory))) {
    return null;
  }
  const other = otherPrimary(pod, await currentRecord(contract, places));
  if (other === null) {
    return null;
  }
  const { primary, since } = other;
  await becomesStandby(contract.dataDirectory, places.shared);
  log.warn(`${primary} is primary since ${since}: what was restored here starts again as a standby`);
  return `${primary} is primary since ${since}, so this recovery must not end: the next start is that of a standby`;
}
