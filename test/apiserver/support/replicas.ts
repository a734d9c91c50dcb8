import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import type { ControlPlane } from './control-plane.ts';

const repository = join(import.meta.dirname, '..', '..', '..');

/** A process of `pgusher serve` as the Deployment runs it, with the account of the manifests and its rights alone. */
export interface Replica {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Lines of its log so far, parsed. */
  logged(): readonly Readonly<Record<string, unknown>>[];
  /** What it wrote, as it is. */
  written(): string;
  /** Body of `/readyz`; empty where nothing answers. */
  readiness(): Promise<string>;
  /** At once, as a node that goes away. */
  kill(): Promise<void>;
}

/** A kubeconfig for the webhook's own account. */
export function accountKubeconfig(cluster: ControlPlane, account = 'pgusher'): string {
  const token = cluster.kubectl(['-n', 'pgusher-system', 'create', 'token', account]).trim();
  const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as { users: { user: { token: string } }[] };
  for (const user of config.users) user.user.token = token;
  const path = join(cluster.directory, `${account}.kubeconfig`);
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

export async function startReplica(name: string, kubeconfig: string, ...flags: readonly string[]): Promise<Replica> {
  const port = await freePort();
  const args = ['serve', `--listen=0.0.0.0:${port}`, '--built-in-certificates=pgusher.pgusher-system'];
  const child = spawn(join(repository, 'bin', 'pgusher'), [...args, '--kubeconfig', kubeconfig, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const keep = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return {
    name,
    port,
    process: child,
    written: () => text,
    logged: () =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
    readiness: async () => page(port, '/readyz'),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The endpoints that the apiserver calls: one slice for each, since they share this machine's address and differ in their port. */
export function routeTo(cluster: ControlPlane, replicas: readonly Replica[], all: readonly Replica[] = replicas): void {
  const slices = all.map((replica) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `pgusher-${replica.name}`,
      namespace: 'pgusher-system',
      labels: { 'kubernetes.io/service-name': 'pgusher' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'webhook', port: replica.port, protocol: 'TCP' }],
    endpoints: replicas.includes(replica) ? [{ addresses: [ownAddress()], conditions: { ready: true } }] : [],
  }));
  cluster.kubectl(
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: slices }),
  );
}

/** An endpoint may not be on loopback (Kubernetes, validation of EndpointSlices). */
function ownAddress(): string {
  const own = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.internal === false && one.family === 'IPv4');
  if (own === undefined) throw new Error('this machine has no address but loopback; wanted one, which endpoints need');
  return own.address;
}

async function page(port: number, path: string): Promise<string> {
  const { request } = await import('node:https');
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, rejectUnauthorized: false, timeout: 5000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        resolve(text);
      });
    });
    asked.on('error', () => {
      resolve('');
    });
    asked.end();
  });
}
