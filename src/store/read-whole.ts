import { BrokenRead } from './broken-read.ts';
import type { Absent, Place, Trouble } from './place.ts';

export interface WholeObject {
  readonly outcome: 'found';
  readonly bytes: Buffer;
  readonly version: string;
}

/** Records are of some kilobytes; what is larger is none of ours, and would take the agent's memory. */
const largest = 16 * 1024 * 1024;

/** A small object, whole in memory. */
export async function readWhole(
  place: Place,
  key: string,
  signal?: AbortSignal,
): Promise<WholeObject | Absent | Trouble> {
  const found = await place.read(key, undefined, signal);
  if (found.outcome !== 'found') {
    return found;
  }
  if (found.size > largest) {
    found.bytes.destroy();
    return {
      outcome: 'damaged',
      words: `${key} in ${place.name} has ${found.size} bytes; wanted a record of at most ${largest}`,
    };
  }
  const pieces: Buffer[] = [];
  try {
    for await (const piece of found.bytes) {
      pieces.push(piece as Buffer);
    }
  } catch (error) {
    if (error instanceof BrokenRead) {
      return error.trouble;
    }
    throw error;
  }
  return { outcome: 'found', bytes: Buffer.concat(pieces), version: found.version };
}
