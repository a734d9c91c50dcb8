import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Listens, and from then on its only thread waits for ever: the kernel's queue fills, and further SYNs are dropped. */
const program = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, server.address().port + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** A port where a connection is neither taken nor refused, as behind a firewall that drops. */
export async function unansweringPort(): Promise<{ readonly port: number; readonly close: () => void }> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.stdout.once('data', (text: Buffer) => {
      resolve(Number(text.toString()));
    });
  });
  const sockets: Socket[] = [];
  // Each that the kernel still takes fills its queue; the first that it does not shows that the queue is full.
  for (let taken = true; taken;) {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    taken = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, 500, false);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}
