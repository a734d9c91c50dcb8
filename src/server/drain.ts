import { setTimeout as sleep } from 'node:timers/promises';
import { Server as SocketServer } from 'node:net';
import type { Server } from 'node:https';

export interface DrainTimes {
  /** Milliseconds to go on serving while the endpoint is taken out of the Service everywhere. */
  readonly announce: number;
  /** Least time between the last accepted connection and the end. */
  readonly settle: number;
  /** Most time for requests under way after that. */
  readonly hard: number;
}

export const drainTimes: DrainTimes = { announce: 10_000, settle: 1_000, hard: 10_000 };

/**
 * Stops a server without losing a call. Whoever calls this made readiness fail and every answer carry `Connection: close` before.
 *
 * http.Server.close() is not for this: it resets connections whose next request is in the socket's buffer already, and never
 * ends while a pooled connection is open that carried no request yet (nodejs/node issue 63452). So: go on serving until clients know,
 * stop listening as a plain net.Server does, which leaves connections alone, wait for what is under way, then close all.
 */
export async function drain(
  server: Server,
  inFlight: () => number,
  times: DrainTimes,
  hurry: AbortSignal,
): Promise<void> {
  try {
    await sleep(times.announce, undefined, { signal: hurry });
    SocketServer.prototype.close.call(server);
    const end = performance.now() + times.hard;
    await sleep(times.settle, undefined, { signal: hurry });
    while (inFlight() > 0 && performance.now() < end) await sleep(20, undefined, { signal: hurry });
  } catch (error) {
    // Told to hurry: whoever did so closes the server.
    if (!hurry.aborted) throw error;
  }
  server.closeAllConnections();
}
