import { isAscii, isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

export type Body =
  | { readonly kind: 'text'; readonly text: string }
  /** Longer than the limit. All of it was read and thrown away: a client that still writes does not look for an answer. */
  | { readonly kind: 'too-large' }
  | { readonly kind: 'not-utf8' }
  /** Not complete after the time that there is. The rest of it may still come, so the connection is of no further use. */
  | { readonly kind: 'late' }
  | { readonly kind: 'aborted' };

export interface BodyLimits {
  readonly bytes: number;
  /** From the end of the headers to the end of the body. */
  readonly milliseconds: number;
}

/** Calls `then` once, when the body is complete, late, or the client is gone. A callback, since a promise costs a turn of the loop for each review. */
export function readBody(request: IncomingMessage, limits: BodyLimits, then: (body: Body) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let settled = false;
  const settle = (body: Body): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    then(body);
  };
  const timer = setTimeout(() => {
    settle({ kind: 'late' });
  }, limits.milliseconds);
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > limits.bytes) chunks.length = 0;
    else chunks.push(chunk);
  });
  request.on('end', () => {
    settle(length > limits.bytes ? { kind: 'too-large' } : decode(joined(chunks, length)));
  });
  // Comes last in any case. Without a listener for `error` Node keeps an abort to itself.
  request.on('close', () => {
    settle({ kind: 'aborted' });
  });
}

function joined(chunks: readonly Buffer[], length: number): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, length);
}

/** Most reviews are ASCII, which needs no decoding. Malformed UTF-8 is refused: a replacement character in a name would name something else. */
function decode(bytes: Buffer): Body {
  if (isAscii(bytes)) return { kind: 'text', text: bytes.toString('latin1') };
  return isUtf8(bytes) ? { kind: 'text', text: bytes.toString('utf8') } : { kind: 'not-utf8' };
}
