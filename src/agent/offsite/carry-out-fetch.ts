import { backOff, pause } from '../backup/pause.ts';
import type { Log } from '../log.ts';
import { bytesText, progressText, startProgress } from '../restore/progress.ts';
import { RestoreRefused } from '../restore/restore-plan.ts';
import { readFreeSpace } from '../store/free-space.ts';
import type { FetchTarget } from './fetch-step.ts';
import { DamagedObject, fetchStep } from './fetch-step.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { FetchStep } from './plan-fetch.ts';
import type { SetPlace } from './set-place.ts';

export interface Fetch {
  readonly place: SetPlace;
  /** `<mount>/<prefix>` */
  readonly root: string;
  /** What it lies on, for a person. */
  readonly destination: string;
  /** Bytes that it may hold; null: what its file system has. */
  readonly limit: number | null;
  readonly systemId: string;
  readonly segmentSize: number;
  /** How long the place may be silent, between two things that it answered. */
  readonly patienceMs: number;
  readonly log: Log;
}

/** An older base backup leads to the same end. */
export class DamagedArchive extends Error {
  override readonly name = 'DamagedArchive';
}

/** WAL segments are small, and their checks run in libuv's pool beside the network. */
const atOnce = 4;

/**
 * Brings all of it: segments side by side, then the rest in the order given.
 * @param size bytes that will be written.
 * @throws RestoreRefused where there is no room, DamagedArchive, DamagedObject, PlaceTrouble, and system errors of the destination.
 */
export async function carryOutFetch(fetch: Fetch, steps: readonly FetchStep[], size: number): Promise<void> {
  const { root, destination, limit, log } = fetch;
  const { free } = await readFreeSpace(root, limit);
  if (free < size) {
    throw new RestoreRefused(
      `${destination} has ${bytesText(free)} free, what is to be brought from the off-site copy needs ${bytesText(size)}; wanted that much room${limit === null ? '' : ' (postgres.io/backup-spool)'}`,
    );
  }
  const progress = startProgress(size, (state) => {
    log.info(`from the off-site copy: ${progressText(state)}`);
  });
  const target: FetchTarget = {
    root,
    systemId: fetch.systemId,
    segmentSize: fetch.segmentSize,
    onBytes: (bytes) => {
      progress.add(bytes);
    },
  };
  try {
    const isSide = (step: FetchStep): boolean => step.kind === 'segment';
    await sideBySide(steps.filter(isSide), async (step) => fetchPatiently(fetch, target, step));
    for (const step of steps.filter((candidate) => !isSide(candidate))) {
      await fetchPatiently(fetch, target, step);
    }
  } finally {
    progress.end();
  }
}

async function sideBySide(steps: readonly FetchStep[], work: (step: FetchStep) => Promise<void>): Promise<void> {
  const waiting = [...steps];
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined && !failed; step = waiting.shift()) {
      try {
        await work(step);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const rejected = results.find((result) => result.status === 'rejected');
  if (rejected !== undefined) {
    throw rejected.reason;
  }
}

/** What a network or a proxy may have spoiled on the way comes right the next time; what lies there damaged never does. */
const damagedTries = 3;

async function fetchPatiently({ place, patienceMs, log }: Fetch, target: FetchTarget, step: FetchStep): Promise<void> {
  let damages = 0;
  /** Since when nothing came. */
  let silentSince = performance.now();
  const watched: FetchTarget = {
    ...target,
    onBytes: (bytes) => {
      silentSince = performance.now();
      target.onBytes(bytes);
    },
  };
  for (let attempt = 0; ; attempt += 1) {
    try {
      await fetchStep(place, watched, step);
      return;
    } catch (error) {
      if (error instanceof DamagedObject) {
        damages += 1;
        if (damages >= damagedTries) {
          throw step.kind === 'archive' ? new DamagedArchive(error.message) : error;
        }
      } else if (!(error instanceof PlaceTrouble && error.mayPass) || performance.now() - silentSince >= patienceMs) {
        throw error;
      }
      log.warn(`from the off-site copy: ${error instanceof Error ? error.message : String(error)}; trying again`);
      // What is damaged is asked for at once: waiting changes nothing about it.
      await pause(error instanceof DamagedObject ? 0 : Math.min(backOff(attempt, 15), patienceMs), never);
    }
  }
}

const never = new AbortController().signal;
