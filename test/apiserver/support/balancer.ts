import { createServer, connect } from 'node:net';
import type { Server, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ControlPlane } from './control-plane.ts';

/** What kube-proxy is to a Service: connections to one address, each handed to the next of the ports that are ready. */
export interface Balancer {
  add(port: number): void;
  remove(port: number): void;
  /** Whether no other port is ready. */
  isAlone(port: number): boolean;
  /** Ends every connection, so that whoever comes next makes a handshake. Resolves when the apiserver has let go of each, too. */
  cut(): Promise<void>;
  /** Connections that were handed on so far. */
  connections(): number;
  close(): void;
}

/** With the endpoint of the Service that sends the apiserver to it. */
export async function startBalancer(cluster: ControlPlane): Promise<Balancer> {
  const ports: number[] = [];
  const accepted = new Set<Socket>();
  let connections = 0;
  const server = createServer((from) => {
    const port = ports[connections % Math.max(ports.length, 1)];
    if (port === undefined) {
      from.destroy();
      return;
    }
    connections += 1;
    const to = connect(port, '127.0.0.1');
    accepted.add(from);
    from.on('close', () => accepted.delete(from));
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.setNoDelay();
      one.pipe(other);
      one.on('error', () => undefined);
    }
    from.on('close', () => to.destroy());
    // Read on, or its end is never seen.
    to.on('close', () => from.end().resume());
  });
  const port = await listening(server);
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'pgusher',
      namespace: 'pgusher-system',
      labels: { 'kubernetes.io/service-name': 'pgusher' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'webhook', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [ownAddress()], conditions: { ready: true } }],
  };
  cluster.kubectl(['apply', '-f', '-'], JSON.stringify(slice));
  return {
    add: (added) => void ports.push(added),
    remove: (removed) => {
      if (ports.includes(removed)) ports.splice(ports.indexOf(removed), 1);
    },
    isAlone: (port) => ports.every((one) => one === port),
    cut: async () => {
      await Promise.all(
        [...accepted].map(
          async (socket) =>
            new Promise((resolve) => {
              socket.once('close', resolve);
              socket.end().resume();
            }),
        ),
      );
    },
    connections: () => connections,
    close: () => {
      for (const socket of accepted) socket.destroy();
      server.close();
    },
  };
}

async function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** An endpoint may not be on loopback (Kubernetes, validation of EndpointSlices). */
function ownAddress(): string {
  const own = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.internal === false && one.family === 'IPv4');
  if (own === undefined) throw new Error('this machine has no address but loopback; wanted one, which endpoints need');
  return own.address;
}
