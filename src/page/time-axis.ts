import type { SetStatus } from '../status/set-status.ts';

/** What the pictures of all sets share: the same moment stands at the same place in each. */
export interface TimeAxis {
  readonly from: number;
  readonly to: number;
}

const day = 86_400_000;

/** Longer windows begin at the left edge: one database with a year of backups would make a line of dots of all others. */
const longest = 31 * day;
const shortest = day;

/** From the oldest moment that anything can be restored to, a day at least and a month at most, to now. */
export function timeAxis(sets: readonly SetStatus[], now: Date): TimeAxis {
  const to = now.getTime();
  const oldest = sets.reduce((least, { recoverable }) => {
    const from = recoverable === null ? to : Date.parse(recoverable.from);
    return Number.isFinite(from) && from < least ? from : least;
  }, to);
  return { from: to - Math.min(longest, Math.max(shortest, to - oldest)), to };
}

/** From 0 at the left edge to 1 at the right one. */
export function placeOn({ from, to }: TimeAxis, time: number): number {
  return Math.min(1, Math.max(0, (time - from) / (to - from)));
}
