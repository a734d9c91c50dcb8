import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';

/**
 * Closed loop over raw TLS sockets: each connection writes a prepared request, waits for the answer, writes again. A process of
 * its own, told over IPC what to do; node:http would take more of the processor than the servers that it measures.
 */
export interface LoadOrder {
  readonly port: number;
  readonly path: string;
  /** Sent in turn, over all connections. */
  readonly bodies: readonly string[];
  readonly connections: number;
  /** Either of them ends it. */
  readonly milliseconds: number;
  readonly requests: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly requests: number;
  readonly failures: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});

async function run(order: LoadOrder): Promise<LoadResult> {
  const head = `POST ${order.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
  const requests = order.bodies.map((body) =>
    Buffer.from(`${head}content-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`),
  );
  let sent = 0;
  const sockets = await Promise.all(Array.from({ length: order.connections }, () => open(order.port)));
  const times: number[] = [];
  let failures = 0;
  const began = performance.now();
  const isOver = (): boolean => times.length >= order.requests || performance.now() - began >= order.milliseconds;
  await Promise.all(
    sockets.map(async (socket) => {
      while (!isOver()) {
        const sentAt = performance.now();
        const request = requests[sent % requests.length];
        sent += 1;
        if (request === undefined || !(await exchange(socket, request))) failures += 1;
        times.push(performance.now() - sentAt);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const socket of sockets) socket.destroy();
  times.sort((left, right) => left - right);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
  return { perSecond: times.length / seconds, requests: times.length, failures, p50: at(0.5), p99: at(0.99) };
}

async function open(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // The certificate is not the subject here.
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      socket.setNoDelay(true);
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

/** Whether the answer was 200. Its end is told by content-length, or, where it comes in chunks (Go's net/http), by the last chunk. */
async function exchange(socket: TLSSocket, request: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    let left: number | 'chunks' | undefined;
    let isGood = false;
    const onData = (chunk: Buffer): void => {
      if (left === undefined) {
        const end = chunk.indexOf('\r\n\r\n');
        const head = chunk.toString('latin1', 0, end);
        isGood = head.startsWith('HTTP/1.1 200');
        const length = /content-length: (\d+)/i.exec(head)?.[1];
        left = length === undefined ? 'chunks' : Number(length) - (chunk.length - end - 4);
      } else if (left !== 'chunks') {
        left -= chunk.length;
      }
      if (left === 'chunks' ? !chunk.subarray(-lastChunk.length).equals(lastChunk) : left > 0) return;
      socket.off('data', onData);
      resolve(isGood);
    };
    socket.on('data', onData);
    socket.write(request);
  });
}

const lastChunk = Buffer.from('\r\n0\r\n\r\n');
