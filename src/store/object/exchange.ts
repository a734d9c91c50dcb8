import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { StoreLimits } from './limits.ts';
import { slicedBody } from './sliced-body.ts';

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  readonly agent: Agent;
  readonly limits: Pick<StoreLimits, 'connectMs' | 'idleMs'>;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/**
 * One request and the head of its answer, for kinds of stores that have no client here. No redirect is followed: credentials go to nobody else.
 * @throws what Node says of the connection, and `ETIMEDOUT` behind limits.ts. The signal ends the body too.
 */
export function exchange({ method, url, headers, body, agent, limits, signal }: Exchange): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const request = start(url, { method, headers, agent, signal });
    const giveUp = (words: string): void => {
      request.destroy(Object.assign(new Error(words), { code: 'ETIMEDOUT' }));
    };
    request.on('error', reject);
    request.on('socket', (socket) => {
      if (!socket.connecting) {
        return;
      }
      const timer = setTimeout(() => {
        giveUp(`no connection within ${limits.connectMs / 1000} s`);
      }, limits.connectMs);
      const connected = (): void => {
        clearTimeout(timer);
      };
      socket.once('connect', connected).once('close', connected);
    });
    request.setTimeout(limits.idleMs, () => {
      giveUp(`no byte for ${limits.idleMs / 1000} s`);
    });
    request.on('response', (answer) => {
      // From here on whoever reads the body has the watch: it may be slow itself.
      request.setTimeout(0);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
    });
    if (body === null || body.length === 0) {
      request.end();
    } else {
      slicedBody(body).pipe(request);
    }
  });
}

/** A small answer, whole. @throws where it is larger than `most` bytes. */
export async function readAnswer(body: IncomingMessage, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > most) {
      throw new Error(`an answer of more than ${most} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
