import type { SetPlace } from './set-place.ts';
import { PlaceTrouble } from './place-trouble.ts';

/** Records are a few kB; a login page or another's object must not fill the memory. */
const largest = 4 * 2 ** 20;

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
  const answer = await place.read(key, undefined, signal);
  if (answer.outcome === 'absent') {
    return undefined;
  }
  if (answer.outcome !== 'found') {
    throw new PlaceTrouble(answer);
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer.bytes as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > largest) {
        answer.bytes.destroy();
        throw new PlaceTrouble({ outcome: 'damaged', words: `${key} has more than ${largest} bytes` });
      }
      pieces.push(piece);
    }
  } catch (error) {
    throw error instanceof PlaceTrouble ? error : broken(key, error);
  }
  if (bytes !== answer.size) {
    throw new PlaceTrouble({
      outcome: 'damaged',
      words: `${key} came with ${bytes} bytes of ${answer.size}`,
    });
  }
  return { text: Buffer.concat(pieces).toString('utf8'), version: answer.version };
}

/** A body that breaks off is no answer. */
export function broken(key: string, error: unknown): PlaceTrouble {
  return new PlaceTrouble({
    outcome: 'unreachable',
    why: 'broken',
    retryAfterMs: null,
    words: `${key} broke off while it was read: ${error instanceof Error ? error.message : String(error)}`,
  });
}
