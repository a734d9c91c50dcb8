import { deleteClaim } from './delete-claim.ts';
import type { Scenario } from './scenario.ts';

/** Deletes the data claim of a pod with its volume, and the pod. Returns the uid of the pod that is gone. */
export async function loseData(scenario: Scenario, pod: string): Promise<string> {
  const uid = await scenario.get(`pod/${pod}`, '.metadata.uid');
  await deleteClaim(scenario, `data-${pod}`);
  await scenario.kubectl(['delete', 'pod', pod]);
  return uid;
}
