import { BrokenRead } from '../../store/broken-read.ts';
import { readWhole } from '../../store/read-whole.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { SetPlace } from './set-place.ts';

export interface SmallObject {
  readonly text: string;
  readonly version: string;
}

/** Undefined: the place itself named it as missing. @throws PlaceTrouble */
export async function readSmallObject(
  place: SetPlace,
  key: string,
  signal?: AbortSignal,
): Promise<SmallObject | undefined> {
  const answer = await readWhole(place, key, signal).catch((error: unknown) => {
    throw broken(key, error);
  });
  if (answer.outcome === 'absent') {
    return undefined;
  }
  if (answer.outcome !== 'found') {
    throw new PlaceTrouble(answer);
  }
  return { text: answer.bytes.toString('utf8'), version: answer.version };
}

/** A body that breaks off is no answer. */
export function broken(key: string, error: unknown): PlaceTrouble {
  return new PlaceTrouble(
    error instanceof BrokenRead
      ? error.trouble
      : {
          outcome: 'unreachable',
          why: 'broken',
          retryAfterMs: null,
          words: `${key} broke off while it was read: ${error instanceof Error ? error.message : String(error)}`,
        },
  );
}
