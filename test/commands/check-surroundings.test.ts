import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { check } from '../../src/commands/check.ts';
import type { Finding } from '../../src/checks/check.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { startKubernetesApi } from '../cluster/kubernetes-api.ts';
import { managedSet } from '../support/review.ts';

/** `pgusher check` knows the other objects of a folder, and with `--cluster` those of a cluster. */

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function folderWith(files: Readonly<Record<string, readonly JsonObject[]>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pgusher-check-'));
  stops.push(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, objects] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  }
  return folder;
}

async function checked(folder: string, cluster = false): Promise<readonly string[]> {
  let text = '';
  const colour = (_style: string, shown: string): string => shown;
  await check(
    { filename: [folder], namespace: 'default', config: undefined, format: 'json', cluster },
    {
      out: (more) => {
        text += more;
      },
      report: () => undefined,
      outColour: colour,
      reportColour: colour,
    },
  );
  const entries = JSON.parse(text) as readonly { readonly findings: readonly Finding[] }[];
  return entries.flatMap(({ findings }) =>
    findings.map(({ check: id, severity, message }) => `${severity} ${id}: ${message}`),
  );
}

const secret = (keys: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'orders', namespace: 'shop' },
  stringData: keys,
});

const service: JsonObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'orders', namespace: 'shop' },
  spec: { selector: { app: 'orders' } },
};

describe('files of one folder', () => {
  test('what is in none of them is not complained of', async () => {
    expect(await checked(folderWith({ 'db.yaml': [managedSet()] }))).toEqual([]);
  });

  test('a Service and a Secret beside the StatefulSet are looked at, and no value is repeated', async () => {
    const folder = folderWith({ 'db.yaml': [managedSet()], 'more.yaml': [service, secret({ pass: 'hunter2' })] });
    expect(await checked(folder)).toEqual([
      'deny secret-key-missing: Secret "orders" has no key "password"; wanted it there. Add it, or name one that it has: "pass".',
    ]);
  });

  test.each([
    [
      'external-secrets.io/v1',
      'ExternalSecret',
      { metadata: { name: 'vault', namespace: 'shop' }, spec: { target: { name: 'orders' } } },
    ],
    ['bitnami.com/v1alpha1', 'SealedSecret', { metadata: { name: 'orders', namespace: 'shop' }, spec: {} }],
    [
      'isindir.github.com/v1alpha3',
      'SopsSecret',
      { metadata: { name: 'all', namespace: 'shop' }, spec: { secretTemplates: [{ name: 'orders' }] } },
    ],
  ])('which keys a Secret gets that %s %s fills is not known', async (apiVersion, kind, rest) => {
    const folder = folderWith({
      'db.yaml': [managedSet()],
      'form.yaml': [{ apiVersion, kind, ...rest }, secret({ username: 'app' })],
    });
    expect(await checked(folder)).toEqual([]);
  });

  test('a folder beside it is another environment', async () => {
    const folder = folderWith({ 'production/db.yaml': [managedSet()], 'test/service.yaml': [service] });
    expect(await checked(folder)).toEqual([]);
  });

  test('an object of another API that has the same kind is none', async () => {
    const folder = folderWith({ 'db.yaml': [managedSet(), { ...service, apiVersion: 'serving.knative.dev/v1' }] });
    expect(await checked(folder)).toEqual([]);
  });
});

describe('--cluster', () => {
  test('asks for the namespaces of the sets, and of Secrets for names alone', async () => {
    const api = await startKubernetesApi();
    stops.push(() => {
      api.close();
      delete process.env['KUBECONFIG'];
    });
    process.env['KUBECONFIG'] = api.kubeconfig;
    const classes = '/apis/storage.k8s.io/v1/storageclasses';
    const secrets = '/api/v1/namespaces/shop/secrets';
    api.objects.set(secrets, [{ kind: 'PartialObjectMetadata', metadata: { name: 'orders', namespace: 'shop' } }]);
    api.broken.set(classes, 403);
    const folder = folderWith({ 'db.yaml': [managedSet()] });
    expect(await checked(folder, true)).toEqual([
      'warn look-up: no look at StorageClass: pgusher may not list them; wanted list and watch in the ClusterRole pgusher, or their checks off in the config file.',
    ]);
    expect(api.accepted.get(secrets)).toMatch(/^application\/json;as=PartialObjectMetadataList/);
    expect(api.accepted.get('/api/v1/namespaces/shop/services')).toBe('application/json');
    expect(api.asked.filter((request) => !request.includes('/namespaces/shop/'))).toEqual([`list ${classes}`]);

    api.objects.delete(secrets);
    expect(await checked(folder, true)).toContain(
      'warn secret-missing: there is no Secret "orders" yet; wanted one that is there. The pod waits for it.',
    );
    // A file is what will be there.
    const withSecret = folderWith({ 'db.yaml': [managedSet(), secret({ password: 'hunter2' })] });
    expect((await checked(withSecret, true)).filter((line) => line.includes('secret'))).toEqual([]);
  });

  test('a cluster that cannot be asked is a fault of the call, in one line', async () => {
    const api = await startKubernetesApi();
    stops.push(() => {
      api.close();
      delete process.env['KUBECONFIG'];
    });
    process.env['KUBECONFIG'] = api.kubeconfig;
    api.broken.set('', 500);
    await expect(checked(folderWith({ 'db.yaml': [managedSet()] }), true)).rejects.toThrow(
      /^--cluster: the current cluster cannot be asked: HTTP 500 for \/ap.*\n?$/,
    );
  });
});
