import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { freePort } from '../../support/free-port.ts';
import type { ControlPlane } from './control-plane.ts';

const repository = join(import.meta.dirname, '..', '..', '..');

/** A process of `pgusher serve` as the Deployment runs it, with the account of the manifests and its rights alone. */
export interface Replica {
  readonly port: number;
  /** Lines of its log so far, parsed. */
  logged(): readonly Readonly<Record<string, unknown>>[];
  /** What it wrote, as it is. */
  written(): string;
  /** Body of `/readyz`; empty where nothing answers. */
  readiness(): Promise<string>;
  /** Serial number of the certificate that it serves, with what is wrong with it by this bundle under the name of the Service; '' where nothing is. */
  served(bundle: string): Promise<{ readonly serial: string; readonly distrust: string }>;
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

export async function startReplica(kubeconfig: string, ...flags: readonly string[]): Promise<Replica> {
  const port = await freePort();
  const args = ['serve', `--listen=127.0.0.1:${port}`, '--built-in-certificates=pgusher.pgusher-system'];
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
    port,
    written: () => text,
    logged: () =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
    readiness: async () => page(port, '/readyz'),
    served: async (bundle) => handshake(port, bundle),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function page(port: number, path: string): Promise<string> {
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

async function handshake(port: number, ca: string): Promise<{ readonly serial: string; readonly distrust: string }> {
  return new Promise((resolve) => {
    const servername = 'pgusher.pgusher-system.svc';
    const socket = connect({ host: '127.0.0.1', port, servername, ca }, () => {
      resolve({ serial: socket.getPeerCertificate().serialNumber, distrust: '' });
      socket.destroy();
    });
    socket.on('error', (error: Error) => {
      resolve({ serial: '', distrust: error.message });
    });
  });
}
