import { nextRun } from '../../workload/schedule-syntax.ts';

/**
 * Whether a base backup is due: a time of the schedule lies between the last one and now, also where that was missed
 * because nothing ran then. Asked every second instead of waiting for a timer, so that a clock that jumps does no harm:
 * forward makes one backup, backward none until the next time, and what claims to be from the future counts as not there.
 * @throws where the schedule or the zone cannot be read.
 */
export function isDue(schedule: string, timeZone: string, startTimes: readonly Date[], now: Date): boolean {
  const past = startTimes.filter((time) => time <= now);
  if (past.length === 0) {
    return true;
  }
  const last = new Date(Math.max(...past.map((time) => time.getTime())));
  const next = nextRun(schedule, timeZone, last);
  return next !== null && next <= now;
}
