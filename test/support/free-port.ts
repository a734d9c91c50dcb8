import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below what the kernel gives to outgoing connections (ip_local_port_range begins at 32768): a port that it would hand
 * out itself can be some client's by the time that a server wants it, or while a server is down between two starts.
 */
const first = 20_000;
const count = 10_000;

/** Held until this process ends. */
const reserved: Socket[] = [];

/**
 * A TCP port of loopback that nobody listens on, and that no other test of this machine is given while this process
 * lives: the UDP port of the same number stands for the right to it, which the kernel takes back by itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < count; attempt += 1) {
    const port = first + ((process.pid * 37 + reserved.length * 7 + attempt) % count);
    const right = await takeRight(port);
    if (right === undefined) {
      continue;
    }
    if (await nobodyListens(port)) {
      reserved.push(right);
      return port;
    }
    right.close();
  }
  throw new Error(`no port of loopback is free between ${first} and ${first + count - 1}`);
}

function takeRight(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      socket.unref();
      resolve(socket);
    });
  });
}

/** On any address: some programs listen on all of them. */
function nobodyListens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
