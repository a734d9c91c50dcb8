import { utcDay } from '../../../src/utc-day.ts';
import type { Scenario } from './scenario.ts';

/** Deletes a claim of a live set, which is refused unless the claim says that it is meant (delete-pvc-managed). */
export async function deleteClaim(scenario: Scenario, claim: string): Promise<void> {
  const agreed = `postgres.io/allow-delete-pvc-managed=${claim} ${utcDay()}`;
  await scenario.kubectl(['annotate', '--overwrite', 'pvc', claim, agreed]);
  await scenario.kubectl(['delete', 'pvc', claim, '--wait=false']);
}
