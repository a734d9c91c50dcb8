/** How long what we make is valid; milliseconds. */
export interface Lives {
  readonly leaf: number;
  readonly authority: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * Renewed after 20 days, so that ten are left: the alert and `pgusher doctor` speak up seven before the end. An authority signs for
 * 16 months.
 */
export const defaultLives: Lives = { leaf: 30 * day, authority: 730 * day };

/**
 * How long every webhook must have had an authority before it signs: apiservers keep the configurations in memory, and hear of a change
 * by a watch, which takes less than a second, or as long as a watch that died unseen is not missed.
 */
export function settlingTime({ authority }: Lives): number {
  return Math.min(5 * minute, authority / 12);
}
