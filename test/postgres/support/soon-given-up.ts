import { storeLimits } from '../../../src/store/object/limits.ts';
import { openPlace } from '../../../src/store/object/open-place.ts';
import type { Place } from '../../../src/store/place.ts';

/** As in a pod, but a store that a test has taken away is given up after 10 seconds in place of 60: a minute of CI each time. */
export function soonGivenUp(address: string, environment: NodeJS.ProcessEnv): Promise<Place> {
  return openPlace(address, environment, { ...storeLimits, budgetMs: 10_000 });
}
