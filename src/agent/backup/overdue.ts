import type { BackupsStatus } from './agent-status.ts';

/** A base backup may wait for room, for the receiver or for the end of another one before anybody is called. */
const patienceMs = 3_600_000;

/**
 * Since when the schedule has waited for a base backup; null where it has not, or not for an hour yet. Without any base backup there
 * is no schedule to be behind: that is another reason, and a worse one.
 */
export function overdueSince({ nextAt }: Pick<BackupsStatus, 'nextAt'>, now: Date): Date | null {
  return nextAt !== null && now.getTime() - nextAt.getTime() > patienceMs ? nextAt : null;
}
