import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStatus } from '../../src/agent/backup/agent-status.ts';
import { agentReport } from '../../src/agent/http/agent-report.ts';
import { listen } from '../../src/server/listen.ts';
import { freePort } from '../support/free-port.ts';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until } from './support/control-plane.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { startRegisteredWebhook } from './support/registered-webhook.ts';
import type { RegisteredWebhook } from './support/registered-webhook.ts';
import { ordersManifest, stored } from './support/stateful-set.ts';

const manifests = join(import.meta.dirname, '..', '..', 'manifests');

/** There is no node here, and no pod but in the apiserver's words: each stands for an address of loopback. */
const addressOf = (ordinal: number): string => `127.0.0.${String(20 + ordinal)}`;

const reports: RequestListener = (request, response) => {
  const startedAt = new Date(Date.now() - 3_600_000);
  const status = newStatus({ namespace: 'default', set: 'orders', startedAt, backupWanted: true });
  status.server = { kind: 'primary', systemId: '7', timeline: 3, major: 17 };
  response.writeHead(request.url === '/report' ? 200 : 404).end(JSON.stringify(agentReport(status, new Date())));
};
const pointsElsewhere: RequestListener = (_request, response) => {
  response.writeHead(302, { location: `http://${addressOf(0)}/report` }).end('<b>secret</b>');
};
const neverEnds: RequestListener = (_request, response) => {
  response.writeHead(200);
  const more = (): void => {
    while (response.write('x'.repeat(65_536)));
  };
  response.on('drain', more);
  more();
};
const isNoReport: RequestListener = (_request, response) => {
  response.writeHead(200).end('<b>secret</b>');
};
/** By ordinal; the pod after them has no address yet. */
const agents = [reports, pointsElsewhere, neverEnds, isNoReport];

describe.skipIf(missingTools('go'))('the page, with the account of the manifests', () => {
  let cluster: ControlPlane;
  let webhook: RegisteredWebhook;
  let pagePort: number;
  let servers: readonly Server[] = [];

  beforeAll(async () => {
    cluster = await startControlPlane();
    const files = ['base/namespace', 'base/service-account', 'base/roles', 'components/web-page/roles'];
    cluster.kubectl(['apply', ...files.flatMap((file) => ['-f', join(manifests, `${file}.yaml`)])]);
    const token = cluster.kubectl(['-n', 'pgusher-system', 'create', 'token', 'pgusher']).trim();
    const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as object;
    const account = join(cluster.directory, 'pgusher.kubeconfig');
    writeFileSync(account, JSON.stringify({ ...config, users: [{ name: 'admin', user: { token } }] }));
    pagePort = await freePort();
    webhook = await startRegisteredWebhook(cluster, {
      arguments: ['--kubeconfig', account, '--page', `127.0.0.1:${String(pagePort)}`],
    });
    await webhook.register();
    // The controller of accounts does not run here, and no pod is made without it.
    cluster.kubectl(['create', 'serviceaccount', 'default']);
    const manifest = ordersManifest((set) => {
      set.metadata.annotations['postgres.io/allow-replicas-without-replication'] = 'a test';
      Object.assign(set.spec, { replicas: agents.length + 1, podManagementPolicy: 'Parallel' });
    });
    cluster.kubectl(['apply', '-f', '-'], manifest);
    await until(
      'the pods',
      60_000,
      () => cluster.tryKubectl(['get', 'pod', `orders-${String(agents.length)}`]).status === 0,
    );
    servers = agents.map((agent) => createServer(agent));
    for (const [ordinal, server] of servers.entries()) {
      await listen(server, { host: addressOf(ordinal), port: agentPort() });
      const status = JSON.stringify({ status: { podIP: addressOf(ordinal), podIPs: [{ ip: addressOf(ordinal) }] } });
      const pod = `orders-${String(ordinal)}`;
      cluster.kubectl(['patch', 'pod', pod, '--subresource=status', '--type=merge', '-p', status]);
    }
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    // Whatever did not start is undefined.
    await (webhook as RegisteredWebhook | undefined)?.remove();
    await (cluster as ControlPlane | undefined)?.stop();
  });

  function agentPort(): number {
    const sidecar = stored(cluster).spec.template.spec.initContainers?.find(({ name }) => name === 'pgusher-backup');
    const { ports } = sidecar as unknown as { readonly ports: readonly { readonly containerPort: number }[] };
    return ports[0]?.containerPort ?? 0;
  }

  async function page(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${String(pagePort)}/`)).text();
  }

  /** What was asked lately is told for fifteen seconds more. */
  async function untilPage(words: string): Promise<string> {
    let last = '';
    await until(`a page that says ${words}`, 90_000, async () => {
      last = await page();
      return last.includes(words);
    }).catch((cause: unknown) => {
      throw new Error(last, { cause });
    });
    return last;
  }

  test('says which set there is, and what its agents say; of what is no report no word, and no redirect is followed', async () => {
    const told = await untilPage('data-column="primary">orders-0<');
    expect(told).toContain('>default</a>/orders');
    expect(told).toContain('orders-1: its agent does not answer: HTTP 302<');
    expect(told).toContain('orders-2: its agent does not answer: it answers with more than 262144 bytes<');
    expect(told).toContain('orders-3: its agent is older than this command and has no report');
    expect(told).toContain('orders-4: its agent does not answer: it has no address yet<');
    expect(told).not.toContain('secret');
    expect(told).not.toContain('<p class="bad">look-up');
  });

  test('says what this replica decided, and until when the certificate is good', async () => {
    const told = await page();
    expect(told).toMatch(/data-column="asked">mutate CREATE<\/td><td class="plain" data-column="set">default\/orders</);
    expect(told).toMatch(/data-column="what">serves here<.*in 90 days/);
    expect(cluster.tryKubectl(['apply', '-f', '-'], unsafe()).status).toBe(1);
    expect(await page()).toMatch(/class="bad" data-column="decision">denied<.*image-latest/);
  });

  test('a right that is missing is named', async () => {
    cluster.kubectl(['delete', 'clusterrolebinding', 'pgusher-web-page']);
    await untilPage('pgusher may not look up its address; wanted the right `get pods`');
    cluster.kubectl(['delete', 'clusterrolebinding', 'pgusher']);
    const told = await untilPage('The sets cannot be read: wanted the right that');
    // And what was known stays.
    expect(told).toContain('>default</a>/orders');
  });

  function unsafe(): string {
    return ordersManifest((manifest) => {
      manifest.metadata.name = 'unsafe';
      for (const container of manifest.spec.template.spec.containers) container.image = 'postgres:latest';
    });
  }
});
