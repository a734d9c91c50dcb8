import type { AgentContract } from '../contract.ts';
import { currentRecord, otherPrimary } from '../standby/other-primary.ts';
import type { RecordPlaces } from '../standby/other-primary.ts';
import { RestoreRefused } from './restore-plan.ts';

/** A restore takes its time, and a promotion does not wait for it. @throws RestoreRefused where another pod became primary meanwhile. */
export async function stillPrimary(
  contract: AgentContract,
  places: RecordPlaces & { readonly pod: string },
): Promise<void> {
  if (contract.replication === null) {
    return;
  }
  const other = otherPrimary(places.pod, await currentRecord(contract, places));
  if (other !== null) {
    throw new RestoreRefused(
      `${other.primary} became primary while this was restored, since ${other.since}: the next start copies it`,
    );
  }
}
