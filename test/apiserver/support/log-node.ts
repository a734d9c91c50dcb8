import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { developmentCertificate } from '../../../src/certificates/development.ts';
import { freePort } from '../../support/free-port.ts';
import type { ControlPlane } from './control-plane.ts';

/** A node on loopback that runs nothing and has logs: what an apiserver asks a kubelet for, it answers. */
export interface LogNode {
  /** Puts a pod on it. */
  take(pod: string): void;
  /** Log of a container, with the time in front of each line. */
  readonly logs: Map<string, string>;
  /** What was asked, with its query. */
  readonly asked: string[];
  stop(): void;
}

export async function startLogNode(cluster: ControlPlane, name: string): Promise<LogNode> {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-node-'));
  const files = developmentCertificate(directory, new Date());
  const logs = new Map<string, string>();
  const asked: string[] = [];
  const server = createServer(
    { cert: readFileSync(files.certificate), key: readFileSync(files.key) },
    (request, response) => {
      const { pathname, search } = new URL(request.url ?? '', 'https://localhost');
      asked.push(`${pathname}${search}`);
      const text = logs.get(pathname.split('/').at(-1) ?? '');
      response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(text ?? 'no such log');
    },
  );
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  cluster.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name } }));
  cluster.kubectl(['patch', 'node', name, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);
  return {
    take: (pod) => {
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod }, target: { kind: 'Node', name } };
      const path = `/api/v1/namespaces/default/pods/${pod}/binding`;
      cluster.kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(binding));
    },
    logs,
    asked,
    stop: () => {
      server.closeAllConnections();
      server.close();
      rmSync(directory, { recursive: true });
    },
  };
}
