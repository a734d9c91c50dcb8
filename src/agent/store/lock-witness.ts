import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How `pgusher-restore` knows that the `pgusher-backup` of its own pod holds the lock on the data volume: a unix socket on the
 * volume that only the containers of the pod share. It takes connections while the lock is held, and the kernel ends them
 * with the process, so that nothing that an earlier container left can pass for it. Not the HTTP port: with hostNetwork
 * the agent that answers there may be another pod's.
 */
const socketName = 'lock.sock';

/** Why the last `pgusher-backup` ended that could not have the lock, or could not go on; in the same folder. */
const refusalName = 'lock-refused';

export interface LockWitness {
  close(): Promise<void>;
}

/** To be called by who holds the lock, after it was taken. */
export async function witnessLock(shared: string): Promise<LockWitness> {
  const path = join(shared, socketName);
  await Promise.all([path, join(shared, refusalName)].map((left) => rm(left, { force: true })));
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('held\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of open) {
          socket.destroy();
        }
      }),
  };
}

/** For pgusher-restore, which waits in vain, to say the same. */
export async function refuseLock(shared: string, reason: string): Promise<void> {
  // Whatever keeps it from being written says less than the reason itself, which the container's own message is.
  await writeFile(join(shared, refusalName), reason).catch(() => undefined);
}

/** Undefined where nothing was refused. */
export async function lockRefusal(shared: string): Promise<string | undefined> {
  return readFile(join(shared, refusalName), 'utf8').catch(() => undefined);
}

export interface SeenLock {
  /** Resolves where who holds the lock has ended: from then on another pod may have it. */
  readonly lost: Promise<void>;
}

/** Waits until the lock is held. Undefined: it was not within `patienceMs`. */
export async function seeLock(shared: string, patienceMs: number): Promise<SeenLock | undefined> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const seen = await connectOnce(join(shared, socketName), Math.max(1_000, until - performance.now()));
    if (seen !== undefined || performance.now() > until) {
      return seen;
    }
    await sleep(20);
  }
}

function connectOnce(path: string, patienceMs: number): Promise<SeenLock | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const late = setTimeout(() => socket.destroy(), patienceMs);
    const lost = new Promise<void>((gone) => {
      socket.once('close', () => {
        clearTimeout(late);
        gone();
        // Of a connection that never said it.
        resolve(undefined);
      });
    });
    // ENOENT or ECONNREFUSED: nobody holds it yet.
    socket.on('error', () => undefined);
    // Its word, and not the connection: the kernel makes that for a process that is just being killed, or frozen, too.
    socket.once('data', () => {
      clearTimeout(late);
      resolve({ lost });
    });
  });
}
