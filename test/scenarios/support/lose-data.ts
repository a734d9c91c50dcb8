import { deleteClaim } from './delete-claim.ts';
import type { Scenario } from './scenario.ts';

/**
 * Deletes the data claim of a pod with its volume, and the pod; `abruptly`: without the time in which a server ends in good order. Returns the uid
 * of the pod that is gone.
 */
export async function loseData(
  scenario: Scenario,
  pod: string,
  how: 'abruptly' | 'orderly' = 'orderly',
): Promise<string> {
  const uid = await scenario.get(`pod/${pod}`, '.metadata.uid');
  await deleteClaim(scenario, `data-${pod}`);
  await scenario.kubectl(['delete', 'pod', pod, ...(how === 'abruptly' ? ['--grace-period=0', '--force'] : [])]);
  return uid;
}
