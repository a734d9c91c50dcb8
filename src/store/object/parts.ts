import type { Readable } from 'node:stream';

/** Smallest that S3 takes; equal for all but the last, as Cloudflare R2 wants them. */
export const partSize = 5 * 1024 * 1024;

/**
 * Buffers that are used again: what a body leaves behind waits for the garbage collector, which does not see that it is five megabytes.
 * Two are under way and one is filled.
 */
export class PartBuffers {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(partSize);
  }

  give(buffer: Buffer): void {
    if (this.#free.length < 3) {
      this.#free.push(buffer);
    }
  }
}

export interface Part {
  readonly buffer: Buffer;
  readonly length: number;
  readonly last: boolean;
}

/** The stream cut into parts, each in a buffer that whoever gets it gives back. An empty stream is one empty part. */
export async function* partsOf(stream: Readable, buffers: PartBuffers): AsyncGenerator<Part> {
  let buffer = buffers.take();
  let length = 0;
  for await (const chunk of stream) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array);
    for (let at = 0; at < piece.length;) {
      // Only now is it known that something comes behind.
      if (length === partSize) {
        yield { buffer, length, last: false };
        buffer = buffers.take();
        length = 0;
      }
      const copied = piece.copy(buffer, length, at);
      length += copied;
      at += copied;
    }
  }
  yield { buffer, length, last: true };
}
