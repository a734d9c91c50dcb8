import { Readable } from 'node:stream';
import { BrokenRead } from '../broken-read.ts';
import type { Trouble } from '../place.ts';

/** One answer to a GET, or what is left of the object behind `from`. */
export interface BodyPart {
  readonly outcome: 'part';
  readonly body: Readable;
  /** Where it begins in the object, and the byte behind its last. */
  readonly from: number;
  readonly to: number;
  readonly version: string;
}

/** Of the bytes as they come, held against what the store keeps of the whole object. */
export interface RunningChecksum {
  /** As people know it: `CRC32`. */
  readonly name: string;
  update(piece: Buffer): void;
  matches(): boolean;
}

export interface ObjectBodyOptions {
  readonly first: BodyPart;
  /** Null where the store keeps none, or only a part was asked for. */
  readonly checksum: RunningChecksum | null;
  readonly idleMs: number;
  /** So long without a byte is the end. */
  readonly budgetMs: number;
  /** For words: `GET key in s3://…`. */
  readonly asked: string;
  /** Asks again, for the same version. */
  readonly goOn: (from: number, signal: AbortSignal) => Promise<BodyPart | Trouble>;
}

/**
 * The bytes, across connections that break, stall or end early: the rest is asked for where the last one stopped, of the same version. What
 * ends this stream without an error has the length that the store named and, where there is one, its checksum.
 */
export function objectBody(options: ObjectBodyOptions): Readable {
  const closed = new AbortController();
  const bytes = Readable.from(pieces(options, closed.signal), { objectMode: false, highWaterMark: 256 * 1024 });
  bytes.once('close', () => {
    closed.abort();
  });
  return bytes;
}

async function* pieces(options: ObjectBodyOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { first, asked } = options;
  let part = first;
  let at = first.from;
  let lastProgress = performance.now();
  for (;;) {
    let cause: unknown;
    try {
      for await (const piece of withIdleLimit(part.body, options.idleMs, signal)) {
        at += piece.length;
        if (at > first.to) {
          throw new BrokenRead({
            outcome: 'not-this-store',
            words: `${asked}: more bytes than the ${first.to} that the store named`,
          });
        }
        options.checksum?.update(piece);
        yield piece;
        // Behind the yield: whoever reads slowly spends no budget.
        lastProgress = performance.now();
      }
    } catch (error) {
      if (error instanceof BrokenRead) {
        throw error;
      }
      cause = error;
    } finally {
      part.body.destroy();
    }
    if (at === first.to) {
      break;
    }
    const seen = `${asked}: ended after ${at - first.from} of ${first.to - first.from} bytes${cause instanceof Error ? ` (${cause.message})` : ''}`;
    if (performance.now() - lastProgress > options.budgetMs) {
      throw new BrokenRead({ outcome: 'unreachable', why: 'broken', retryAfterMs: null, words: seen }, { cause });
    }
    const next = await options.goOn(at, signal);
    if (next.outcome !== 'part') {
      throw new BrokenRead(next, { cause });
    }
    if (next.version !== first.version || next.from !== at || next.to !== first.to) {
      next.body.destroy();
      throw new BrokenRead({ outcome: 'damaged', words: `${seen}, and then the store had another object there` });
    }
    part = next;
  }
  if (options.checksum?.matches() === false) {
    throw new BrokenRead({
      outcome: 'damaged',
      words: `${asked}: the bytes that came are not those that were stored (${options.checksum.name} differs)`,
    });
  }
}

/** Only while somebody waits for bytes: a reader that is slow itself is nobody's silence. */
async function* withIdleLimit(body: Readable, idleMs: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): void => {
    body.destroy(new Error('no longer wanted'));
  };
  signal.addEventListener('abort', stop, { once: true });
  const silent = new Error(`no byte for ${Math.round(idleMs / 100) / 10} s`);
  const wait = (): NodeJS.Timeout =>
    setTimeout(() => {
      body.destroy(silent);
    }, idleMs);
  let timer = wait();
  try {
    for await (const piece of body) {
      clearTimeout(timer);
      yield piece as Buffer;
      timer = wait();
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
