import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { errorCode } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';
import { timelineName } from '../store/wal-name.ts';
import type { Piece } from './piece.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { PushStep } from './plan-push.ts';
import type { SetPlace } from './set-place.ts';

export type Pushed =
  | { readonly kind: 'stored'; readonly size: number }
  | { readonly kind: 'deleted' }
  /** The claim has it no more: the next look says what came of it. */
  | { readonly kind: 'gone' };

export interface PushSource {
  /** `<mount>/<prefix>` */
  readonly root: string;
  readonly systemId: string;
}

/**
 * Carries out one step.
 * @throws PlaceTrouble, and system errors of the claim.
 */
export async function pushStep(
  place: SetPlace,
  source: PushSource,
  step: PushStep,
  signal: AbortSignal,
): Promise<Pushed> {
  switch (step.kind) {
    case 'file':
      return pushFile(place, join(source.root, step.key), step, signal);
    case 'text': {
      const bytes = Buffer.from(step.text);
      return stored(await place.putStream(step.key, Readable.from([bytes]), signal), bytes.length);
    }
    case 'piece': {
      const bytes = await readPiece(source, step.piece);
      return bytes === undefined
        ? { kind: 'gone' }
        : stored(await place.putStream(step.key, Readable.from([bytes]), signal), bytes.length);
    }
    case 'delete': {
      const answer = await place.delete(step.key, signal);
      if (answer.outcome !== 'deleted') {
        throw new PlaceTrouble(answer);
      }
      return { kind: 'deleted' };
    }
  }
}

async function pushFile(
  place: SetPlace,
  path: string,
  step: Extract<PushStep, { kind: 'file' }>,
  signal: AbortSignal,
): Promise<Pushed> {
  const size = await stat(path).then(
    (found) => found.size,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') {
        return undefined;
      }
      throw error;
    },
  );
  if (size === undefined) {
    return { kind: 'gone' };
  }
  const bytes = createReadStream(path, { highWaterMark: 2 ** 18 });
  let answer: Awaited<ReturnType<SetPlace['putStream']>>;
  try {
    answer = await place.putStream(step.key, bytes, signal);
  } catch (error) {
    // Of the file itself; retention may have taken it meanwhile.
    if (errorCode(error) === 'ENOENT') {
      return { kind: 'gone' };
    }
    throw error;
  } finally {
    bytes.destroy();
  }
  if (answer.outcome === 'stored' && step.sha256 !== null && answer.sha256 !== step.sha256) {
    // Nor may it stay there under a size that is right.
    await place.delete(step.key, signal);
    throw new Error(`${path} is not what its ${storeNames.done} says (sha256 ${answer.sha256}); it is damaged`);
  }
  return stored(answer, step.size ?? size);
}

function stored(answer: Awaited<ReturnType<SetPlace['putStream']>>, size: number): Pushed {
  if (answer.outcome !== 'stored') {
    throw new PlaceTrouble(answer);
  }
  if (answer.size !== size) {
    throw new PlaceTrouble({ outcome: 'damaged', words: `${answer.size} bytes were stored of ${size}` });
  }
  return { kind: 'stored', size };
}

async function readPiece({ root, systemId }: PushSource, { segment, from, to }: Piece): Promise<Buffer | undefined> {
  const timeline = timelineName(Number.parseInt(segment.slice(0, 8), 16));
  const path = join(root, systemId, storeNames.incoming, timeline, `${segment}.partial`);
  try {
    const file = await open(path, 'r');
    try {
      const bytes = Buffer.alloc(to - from);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
      return bytesRead === bytes.length ? bytes : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      // The segment is finished: it comes whole.
      return undefined;
    }
    throw error;
  }
}
