import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { developmentCertificate } from '../../src/certificates/development.ts';
import { readInstalledWebhook } from '../../src/cluster/installed-webhook.ts';
import { personConfig } from '../../src/cluster/person-config.ts';
import { servedCertificates } from '../../src/cluster/served-certificates.ts';
import { serve } from '../../src/commands/serve.ts';
import { createLog } from '../../src/server/log.ts';
import { startKubernetesApi } from './kubernetes-api.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

/** A webhook behind a Service, which no machine without nodes has: its pods are read through the apiserver. */

let api: KubernetesApi;
beforeEach(async () => {
  api = await startKubernetesApi();
});
afterEach(() => {
  api.close();
});

const installation = { namespace: 'pgusher-system', name: 'pgusher' };
const slices = '/apis/discovery.k8s.io/v1/namespaces/pgusher-system/endpointslices';

function endpoint(name: string, ready?: boolean): object {
  return { conditions: ready === undefined ? {} : { ready }, targetRef: { kind: 'Pod', name } };
}

test('the pods behind the Service, Ready and not; one that says nothing is Ready', async () => {
  const endpoints = [endpoint('a'), endpoint('b', false), endpoint('c', true)];
  api.pages.set(slices, { code: 200, text: JSON.stringify({ items: [{ ports: [{ port: 10_250 }], endpoints }] }) });
  const read = await readInstalledWebhook(personConfig(api.kubeconfig), installation);
  expect(read.endpoints).toEqual({
    kind: 'known',
    value: { ready: 2, notReady: 1, pods: ['a', 'c'].map((name) => ({ name, port: 10_250 })) },
  });
});

test('the end of the certificate that a pod serves, as the webhook itself publishes it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-served-'));
  const files = developmentCertificate(directory, new Date());
  const webhook = await serve({
    listen: '127.0.0.1:0',
    certificates: { kind: 'files', ...files },
    log: createLog('error'),
  });
  try {
    const published = await metricsOf(webhook.port, readFileSync(files.authority, 'utf8'));
    const page = (pod: string): string => `/api/v1/namespaces/pgusher-system/pods/https:${pod}:10250/proxy/metrics`;
    api.pages.set(page('a'), { code: 200, text: published });
    api.pages.set(page('b'), { code: 200, text: '# nothing\n' });
    api.broken.set(page('c'), 403);
    const pods = ['a', 'b', 'c'].map((name) => ({ name, port: 10_250 }));
    const ends = new X509Certificate(readFileSync(files.certificate)).validToDate.getTime();
    expect(await servedCertificates(personConfig(api.kubeconfig), 'pgusher-system', [], pods)).toEqual([
      { from: 'pod a', certificate: { kind: 'known', value: { ends } } },
      { from: 'pod b', certificate: { kind: 'absent' } },
      {
        from: 'pod c',
        certificate: { kind: 'forbidden', right: 'get pods --subresource=proxy -n pgusher-system' },
      },
    ]);
  } finally {
    webhook.close();
    rmSync(directory, { recursive: true });
  }
});

async function metricsOf(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/metrics', ca }, (answer) => {
      text(answer).then(resolve, reject);
    })
      .on('error', reject)
      .end();
  });
}
