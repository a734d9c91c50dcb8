import type { Socket } from 'node:net';

const ignore = (): void => undefined;

export interface PipeliningGuard {
  /** A request came on this connection. */
  begin(socket: Socket): void;
  /** Its answer is written, or nobody waits for it. */
  end(socket: Socket): void;
}

/**
 * Lets a client send its next requests before it has the answers. As soon as answers pile up, Node pauses the HTTP parser; over TLS the
 * native side goes on to feed it what was decrypted already, and the connection dies of "HPE_PAUSED" (seen in Node 20 and 24, not over
 * plain TCP). A listener for `data` takes the socket off that short cut: Node then reads through the stream, which can wait. That
 * costs time for each request, so it is done for a connection only when a second request comes while the first is under way.
 */
export function pipeliningGuard(): PipeliningGuard {
  const busy = new WeakSet<Socket>();
  const detoured = new WeakSet<Socket>();
  return {
    begin: (socket) => {
      if (!busy.has(socket)) {
        busy.add(socket);
      } else if (!detoured.has(socket)) {
        detoured.add(socket);
        socket.on('data', ignore);
      }
    },
    end: (socket) => {
      busy.delete(socket);
    },
  };
}
