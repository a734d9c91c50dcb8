import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, but not longer than `signal` lets it; never throws. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** 1, 2, 4 … seconds, at most `most`. */
export function backOff(attempt: number, most: number): number {
  return Math.min(2 ** Math.min(attempt, 20), most) * 1000;
}
