import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { developmentCertificate, type DevelopmentCertificate } from '../../../src/certificates/development.ts';
import { until, type ControlPlane } from './control-plane.ts';
import { freePort } from '../../support/free-port.ts';

const repository = join(import.meta.dirname, '..', '..', '..');

/** `pgusher serve` as a process of its own, and the configurations of manifests/ registered for it by URL. */
export interface RegisteredWebhook {
  /** Registers (again) with the shipped rules; `change` may bend each webhook, for example its failurePolicy. */
  register(change?: WebhookChange): Promise<void>;
  unregister(): void;
  start(): Promise<void>;
  /** At once, as a crash would. */
  stop(): Promise<void>;
  /** Stops it for good. */
  remove(): Promise<void>;
  /** What the server wrote so far: one JSON line a review. */
  log(): string;
}

export interface WebhookChange {
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** PEM; another CA than the server's makes the apiserver refuse its certificate. */
  readonly authority?: string;
}

interface WebhookConfiguration {
  metadata: { name: string };
  webhooks: {
    name: string;
    failurePolicy: string;
    clientConfig: { service?: { path: string }; url?: string; caBundle?: string };
  }[];
}

export async function startRegisteredWebhook(
  cluster: ControlPlane,
  options: {
    readonly configuration?: string;
    readonly kubeconfig?: boolean;
    readonly certified?: Date;
    /** Further ones of `serve`. */
    readonly arguments?: readonly string[];
  } = {},
): Promise<RegisteredWebhook> {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-webhook-'));
  const certificate = developmentCertificate(directory, options.certified ?? new Date());
  const port = await freePort();
  let child: ChildProcess | undefined;
  let written = '';

  const start = async (): Promise<void> => {
    const args = [
      'serve',
      '--listen',
      `127.0.0.1:${port}`,
      '--certificate',
      certificate.certificate,
      '--key',
      certificate.key,
    ];
    if (options.configuration !== undefined) args.push('--config', options.configuration);
    if (options.kubeconfig === true) args.push('--kubeconfig', cluster.kubeconfig);
    args.push(...(options.arguments ?? []));
    const server = spawn(join(repository, 'bin', 'pgusher'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child = server;
    const keep = (chunk: Buffer): void => {
      written += chunk.toString();
    };
    server.stdout.on('data', keep);
    server.stderr.on('data', keep);
    await until('the webhook to be ready', 20_000, () => isReady(port, certificate)).catch((cause: unknown) => {
      throw new Error(`The webhook did not become ready. It wrote: ${written}`, { cause });
    });
  };
  const stop = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await gone;
  };
  const unregister = (): void => {
    cluster.kubectl([
      'delete',
      'mutatingwebhookconfiguration,validatingwebhookconfiguration',
      'zz-pgusher',
      '--ignore-not-found',
    ]);
  };

  await start();
  return {
    start,
    stop,
    remove: async () => {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
    unregister,
    log: () => written,
    register: async (change = {}) => {
      for (const file of ['mutating-webhook.yaml', 'validating-webhook.yaml']) {
        const manifest = byUrl(
          readConfiguration(file),
          port,
          change.authority ?? readFileSync(certificate.authority, 'utf8'),
        );
        for (const webhook of manifest.webhooks) webhook.failurePolicy = change.failurePolicy ?? webhook.failurePolicy;
        cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(manifest));
      }
      await untilCalled(cluster, change);
    },
  };

  /** The apiserver takes a moment to hear of a configuration: ask by dry run until it behaves as registered. */
  async function untilCalled(plane: ControlPlane, change: WebhookChange): Promise<void> {
    const broken = change.authority !== undefined || child === undefined;
    await until('the apiserver to call the webhook', 20_000, () => {
      const answer = plane.tryKubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], JSON.stringify(probe));
      if (!broken) return answer.stdout.includes('pgusher-backup');
      return change.failurePolicy === 'Ignore'
        ? answer.status === 0 && !answer.stdout.includes('pgusher-backup')
        : answer.status !== 0;
    });
  }
}

function readConfiguration(file: string): WebhookConfiguration {
  return parse(readFileSync(join(repository, 'manifests', 'base', file), 'utf8')) as WebhookConfiguration;
}

/** The shipped configuration with a URL in place of the Service: etcd and kube-apiserver alone have no pod network. */
function byUrl(configuration: WebhookConfiguration, port: number, authority: string): WebhookConfiguration {
  for (const webhook of configuration.webhooks) {
    const path = webhook.clientConfig.service?.path ?? '/';
    webhook.clientConfig = {
      url: `https://127.0.0.1:${port}${path}`,
      caBundle: Buffer.from(authority).toString('base64'),
    };
  }
  return configuration;
}

function isReady(port: number, certificate: DevelopmentCertificate): Promise<boolean> {
  return new Promise((resolve) => {
    request(
      { host: '127.0.0.1', port, path: '/readyz', ca: readFileSync(certificate.authority), timeout: 2000 },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    )
      .on('error', () => {
        resolve(false);
      })
      .end();
  });
}

const probe = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'probe', namespace: 'default', labels: { 'postgres.io/managed': 'true' } },
  spec: {
    serviceName: 'probe',
    selector: { matchLabels: { app: 'probe' } },
    template: {
      metadata: { labels: { app: 'probe' } },
      spec: {
        containers: [
          {
            name: 'postgres',
            image: 'postgres:17.6-bookworm',
            env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'probe', key: 'password' } } }],
            volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
          },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
  },
};
