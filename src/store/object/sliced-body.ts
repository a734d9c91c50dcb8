import { Readable } from 'node:stream';

const slice = 64 * 1024;

/** A body for the client in small pieces: TLS copies what it is given, and a part as one piece would be there twice. */
export function slicedBody(bytes: Buffer): Readable {
  let at = 0;
  return new Readable({
    highWaterMark: slice,
    read() {
      const end = Math.min(bytes.length, at + slice);
      this.push(end === at ? null : bytes.subarray(at, end));
      at = end;
    },
  });
}
