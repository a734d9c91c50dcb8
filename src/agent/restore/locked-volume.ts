import type { Log } from '../log.ts';
import { lockRefusal, seeLock } from '../store/lock-witness.ts';
import { RestoreRefused } from './restore-plan.ts';

/** Until this, the sidecar is merely starting. */
const startMs = 5_000;

export interface LockedVolume {
  /** Resolves with the reason where nothing may be written to the data volume any more. */
  readonly lost: Promise<string>;
}

/**
 * Waits until the pgusher-backup of this pod holds the lock on the data volume: nothing may look at a directory that another
 * pod's server writes to. The kubelet starts this container as soon as that one runs, which says nothing about the lock.
 * @throws RestoreRefused with what that container said.
 */
export async function lockedVolume(shared: string, patienceMs: number, log: Log): Promise<LockedVolume> {
  let seen = await seeLock(shared, Math.min(startMs, patienceMs));
  if (seen === undefined) {
    log.warn({ refused: await lockRefusal(shared) }, 'waiting for pgusher-backup, which does not hold the data volume');
    seen = await seeLock(shared, patienceMs - startMs);
  }
  if (seen === undefined) {
    throw new RestoreRefused(
      (await lockRefusal(shared)) ??
        `pgusher-backup did not lock the data volume within ${patienceMs / 1000} s; wanted it running, its log says why it is not. Nothing was looked at`,
    );
  }
  return {
    lost: seen.lost.then(
      () =>
        'pgusher-backup ended, and with it the lock on the data volume: another pod may have it now. Nothing more is written; the next try begins anew',
    ),
  };
}
