import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchFacts } from '../../src/cluster/facts.ts';
import type { FactWatch } from '../../src/cluster/facts.ts';
import { watchNamespaces } from '../../src/cluster/namespaces.ts';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until } from './support/control-plane.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { startRegisteredWebhook } from './support/registered-webhook.ts';
import type { RegisteredWebhook } from './support/registered-webhook.ts';
import { ordersManifest } from './support/stateful-set.ts';

const base = join(import.meta.dirname, '..', '..', 'manifests', 'base');

describe.skipIf(missingTools('go'))('look-ups in a real kube-apiserver', () => {
  let cluster: ControlPlane;
  const stops: (() => void)[] = [];
  beforeAll(async () => {
    cluster = await startControlPlane();
    for (const file of ['namespace.yaml', 'service-account.yaml', 'roles.yaml']) {
      cluster.kubectl(['apply', '-f', join(base, file)]);
    }
  });
  afterAll(async () => {
    for (const stop of stops) stop();
    await (cluster as ControlPlane | undefined)?.stop();
  });

  /** With the token of the ServiceAccount that the manifests give the webhook. */
  function ownKubeconfig(): string {
    const token = cluster.kubectl(['create', 'token', 'pgusher', '-n', 'pgusher-system']).trim();
    const text = readFileSync(cluster.kubeconfig, 'utf8');
    const [admin = ''] = /"token":"[^"]*"/.exec(text) ?? [];
    expect(admin).not.toBe('');
    const path = join(cluster.directory, 'pgusher.kubeconfig');
    writeFileSync(path, text.replace(admin, `"token":${JSON.stringify(token)}`), { mode: 0o600 });
    return path;
  }

  function watch(kubeconfig: string): FactWatch {
    const watched = watchFacts({ kubeconfig, onError: () => undefined, retry: 100 });
    stops.push(() => {
      watched.stop();
    });
    return watched;
  }

  test('the rights of the manifests are enough for all of them, and no more than that', async () => {
    const kubeconfig = ownKubeconfig();
    const watched = watch(kubeconfig);
    const { facts } = watched;
    const namespaces = watchNamespaces({ kubeconfig, onError: () => undefined });
    stops.push(() => {
      namespaces.stop();
    });
    expect(facts.claims.gap).toBe('not-synced');
    await until('all watches', 20_000, () => [...watched.states().values()].every((state) => state === 'synced'));
    await until('the namespaces', 20_000, () => namespaces.synced());
    for (const right of ['list secrets', 'get secrets', 'list pods', 'get persistentvolumeclaims']) {
      const [verb = '', resource = ''] = right.split(' ');
      const as = ['--as', 'system:serviceaccount:pgusher-system:pgusher', '-A'];
      expect(cluster.tryKubectl(['auth', 'can-i', verb, resource, ...as]).stdout).toBe('no\n');
    }

    cluster.kubectl(['create', '-f', '-'], JSON.stringify(claim('late')));
    await until('the claim', 20_000, () => facts.claims.find('default', 'late').kind === 'present');
    cluster.kubectl(['patch', 'pvc', 'late', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    cluster.kubectl(['delete', 'pvc', 'late']);
    await until('its end', 20_000, () => facts.claims.find('default', 'late').kind === 'absent');

    cluster.kubectl(['delete', 'clusterrolebinding', 'pgusher']);
    const forbidden = watch(kubeconfig);
    await until('the refusal', 20_000, () => forbidden.facts.services.gap === 'forbidden');
    cluster.kubectl(['apply', '-f', join(base, 'roles.yaml')]);
    await until('the right', 20_000, () => forbidden.facts.services.gap === undefined);
  });

  test('names of Secrets, with the right of the component, and nothing else of them', async () => {
    const watched = watch(ownKubeconfig());
    watched.lookForSecrets(true);
    const { secrets, services } = watched.facts;
    await until('the refusal', 20_000, () => services.gap === undefined && secrets.gap === 'forbidden');
    cluster.kubectl(['apply', '-f', join(base, '..', 'components', 'secret-names', 'roles.yaml')]);
    try {
      cluster.kubectl(['create', 'secret', 'generic', 'early', '--from-literal=password=hunter2']);
      await until('the right', 20_000, () => secrets.find('default', 'early').kind === 'present');
      cluster.kubectl(['create', 'secret', 'generic', 'late', '--from-literal=password=hunter2']);
      await until('the watch', 20_000, () => secrets.find('default', 'late').kind === 'present');
      // Keys are in what a Secret holds, so that they would be known, and names of users with them.
      for (const name of ['early', 'late']) {
        expect(secrets.find('default', name)).toEqual({
          kind: 'present',
          fact: { name, keys: undefined, userNames: {} },
        });
      }
    } finally {
      cluster.kubectl(['delete', 'clusterrole,clusterrolebinding', 'pgusher-secret-names']);
    }
  });

  describe('by the webhook', () => {
    let webhook: RegisteredWebhook;
    beforeAll(async () => {
      webhook = await startRegisteredWebhook(cluster, { kubeconfig: true });
      await webhook.register();
    });
    afterAll(async () => {
      await (webhook as RegisteredWebhook | undefined)?.remove();
    });

    const apply = (manifest: string) => cluster.tryKubectl(['apply', '-f', '-'], manifest);

    /** The set of the other tests on a claim that it names, with a claim for backups that is there. */
    function onFixedClaim(name: string): string {
      return ordersManifest((manifest) => {
        const { template } = manifest.spec;
        manifest.metadata.name = name;
        manifest.metadata.annotations = { 'postgres.io/backup-claim': 'backups' };
        manifest.spec.volumeClaimTemplates = [];
        Object.assign(template.spec, {
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'orders-data' } }],
        });
      });
    }

    test('a second set on the claim of the first is refused for as long as the first is there', async () => {
      for (const name of ['orders-data', 'backups'])
        cluster.kubectl(['create', '-f', '-'], JSON.stringify(claim(name)));
      const first = apply(onFixedClaim('orders'));
      expect(first.status).toBe(0);
      await until('the refusal', 20_000, () => apply(onFixedClaim('orders-two')).status !== 0);
      const second = apply(onFixedClaim('orders-two'));
      expect(second.stderr).toContain('StatefulSet "orders" has claim "orders-data" too; wanted a claim of its own.');
      expect(second.stderr).toContain('postgres.io/allow-pvc-bound-elsewhere');

      // Its own object is no other set.
      expect(apply(onFixedClaim('orders')).status).toBe(0);
      cluster.kubectl(['delete', 'statefulset', 'orders']);
      await until('the first to be forgotten', 20_000, () => apply(onFixedClaim('orders-two')).status === 0);
    });
  });
});

function claim(name: string): object {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'default' }, spec };
}
