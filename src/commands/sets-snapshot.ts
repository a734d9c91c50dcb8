import { knownSets } from '../page/overview.ts';
import type { SetsKnown } from '../page/overview.ts';
import type { SetStatus } from '../status/set-status.ts';

/** What was known when the sets were last asked. */
export interface SetsSnapshot {
  /** Never waits: a page of 500 sets is there at once, and says how old it is. */
  look(): SetsKnown;
  stop(): void;
}

/** Milliseconds from one answer to the next question, while somebody looks. */
const pause = 15_000;

/** Milliseconds after the last look for which it is kept up to date: a page comes again after 30 s. Where nobody looks, nobody is asked. */
const interest = 90_000;

/** `read` rejects with a message for a person. */
export function setsSnapshot(read: () => Promise<readonly SetStatus[]>): SetsSnapshot {
  let known: SetsKnown = { kind: 'not-yet' };
  let lookedAt = 0;
  let isRunning = false;
  let timer: NodeJS.Timeout | undefined;

  const refresh = async (): Promise<void> => {
    try {
      known = { kind: 'known', sets: await read(), at: new Date() };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      known = { kind: 'failed', problem, last: knownSets(known) };
    }
    timer = setTimeout(() => {
      isRunning = Date.now() - lookedAt < interest;
      if (isRunning) void refresh();
    }, pause).unref();
  };

  return {
    look: () => {
      lookedAt = Date.now();
      if (!isRunning) {
        isRunning = true;
        void refresh();
      }
      return known;
    },
    stop: () => {
      clearTimeout(timer);
    },
  };
}
