import type { Trouble } from '../place.ts';
import type { Part } from './parts.ts';
import { partSize } from './parts.ts';

/** Parts that are under way at once; memory goes with it. */
const sideBySide = 2;

/**
 * All parts, a few side by side; undefined where all are stored.
 * @param send takes one, numbered from 1, and gives its buffer back, whatever comes of it.
 * @throws what the stream throws.
 */
export async function sendParts(
  first: Part,
  rest: AsyncGenerator<Part>,
  send: (part: Part, number: number) => Promise<Trouble | undefined>,
  { mostParts, asked }: { readonly mostParts: number; readonly asked: string },
): Promise<Trouble | undefined> {
  const underWay = new Set<Promise<void>>();
  let failed: Trouble | undefined;
  let number = 0;
  const start = (part: Part): void => {
    number += 1;
    const done = send(part, number)
      .then((trouble) => {
        failed ??= trouble;
      })
      .finally(() => {
        underWay.delete(done);
      });
    underWay.add(done);
  };
  try {
    start(first);
    for await (const part of rest) {
      if (number >= mostParts) {
        return {
          outcome: 'refused',
          words: `${asked}: more than ${mostParts} parts of ${partSize} bytes; wanted objects of at most ${(mostParts * partSize) / 1024 ** 3} GiB`,
        };
      }
      if (part.length > 0) {
        start(part);
      }
      if (underWay.size >= sideBySide) {
        await Promise.race(underWay);
      }
      if (stopped()) {
        break;
      }
    }
  } finally {
    await Promise.all(underWay);
  }
  return failed;

  function stopped(): boolean {
    return failed !== undefined;
  }
}
