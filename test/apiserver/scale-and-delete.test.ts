import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until } from './support/control-plane.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { startRegisteredWebhook } from './support/registered-webhook.ts';
import type { RegisteredWebhook } from './support/registered-webhook.ts';
import { ordersManifest, stored } from './support/stateful-set.ts';
import type { StatefulSet } from './support/stateful-set.ts';

const controllers = [
  'statefulset-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'persistentvolumeclaim-protection-controller',
];

/** With the controllers that delete by themselves, each under its own account. */
describe.skipIf(missingTools('go'))('scaling and deleting in a real kube-apiserver', () => {
  let cluster: ControlPlane;
  let webhook: RegisteredWebhook;
  let namespace: string;
  let count = 0;

  beforeAll(async () => {
    cluster = await startControlPlane(controllers);
    webhook = await startRegisteredWebhook(cluster, { kubeconfig: true });
    await webhook.register();
  });
  afterAll(async () => {
    await (webhook as RegisteredWebhook | undefined)?.remove();
    await (cluster as ControlPlane | undefined)?.stop();
  });
  beforeEach(() => {
    count += 1;
    namespace = `shop-${String(count)}`;
    cluster.kubectl(['create', 'namespace', namespace]);
  });

  const attempt = (...args: string[]) => cluster.tryKubectl([...args, '-n', namespace]);
  const isThere = (kind: string, name: string): boolean => attempt('get', kind, name).status === 0;
  const today = new Date().toISOString().slice(0, 10);

  /** Applied, and its claims made by the controller. */
  async function applied(change?: (manifest: StatefulSet) => void): Promise<void> {
    const manifest = ordersManifest((set) => {
      set.metadata.namespace = namespace;
      change?.(set);
    });
    cluster.kubectl(['apply', '-f', '-'], manifest);
    await until('the claims', 30_000, () =>
      isThere('pvc', change === unmanaged ? 'data-orders-0' : 'pgusher-backup-orders-0'),
    );
    // A question whose answer needs the watch: as soon as it is refused, the webhook knows the set.
    if (change !== unmanaged) {
      await until('the webhook to know of the set', 30_000, () => {
        return attempt('scale', 'statefulset', 'orders', '--replicas=9', '--dry-run=server').stderr !== notReadYet;
      });
    }
  }
  const notReadYet =
    'Warning: look-up: no look at StatefulSet: they are not read yet; wanted another try in a moment.\n';

  const unmanaged = (set: StatefulSet): void => {
    set.metadata.labels = {};
  };
  const replicated = (set: StatefulSet): void => {
    set.metadata.annotations['postgres.io/replication-secret'] = 'orders-replication';
  };
  const deleting = (set: StatefulSet): void => {
    set.metadata.annotations['postgres.io/allow-pvc-retention-delete'] = 'thrown away each night';
    Object.assign(set.spec, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } });
  };

  describe('kubectl scale', () => {
    const scale = (replicas: number, ...more: string[]) =>
      attempt('scale', 'statefulset', 'orders', `--replicas=${String(replicas)}`, ...more);

    test('a second database is refused, in the words of the check, and with its escape', async () => {
      await applied();
      const refused = scale(2);
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain(`admission webhook "scale.pgusher.postgres.io" denied the request`);
      expect(refused.stderr).toContain(`StatefulSet ${namespace}/orders: 1 problem: replicas-without-replication`);
      expect(refused.stderr).toContain(
        '- [replicas-without-replication] spec.replicas: replicas is 2 without replication, which makes 2 separate databases; wanted 1.',
      );
      expect(refused.stderr).toContain('Allow it: postgres.io/allow-replicas-without-replication: "<reason>"');
      expect(scale(2, '--dry-run=server').status).toBe(1);
      expect(stored(cluster, 'orders', namespace).spec.replicas).toBe(1);
      attempt(
        'annotate',
        'statefulset',
        'orders',
        'postgres.io/allow-replicas-without-replication=sharded by the client',
      );
      await until('the escape to be known', 20_000, () => scale(2).status === 0);
      expect(stored(cluster, 'orders', namespace).spec.replicas).toBe(2);
    });

    test('standbys come and go; what goes with them is said once, and nothing else of the set', async () => {
      await applied(replicated);
      expect(scale(3).status).toBe(0);
      const down = scale(1);
      expect(down.stderr).toContain('Warning: scale-down: replicas goes from 3 to 1, and slots stay behind;');
      expect(down.stderr).not.toContain('headless-service-missing');
      const stopped = scale(0);
      expect(stopped.stderr).toBe(
        'Warning: scale-to-zero: replicas goes from 1 to 0, so nothing runs or is backed up; wanted 1 or more. Claims and backups stay.\n',
      );
      expect(scale(1)).toMatchObject({ status: 0, stderr: '' });
    });

    test('a set that is not managed, and another kind, are none of our business', async () => {
      await applied(unmanaged);
      expect(scale(2)).toMatchObject({ status: 0, stderr: '' });
    });

    test('without the webhook everything can be scaled and deleted', async () => {
      await applied();
      await webhook.stop();
      try {
        expect(scale(2).status).toBe(0);
        expect(attempt('delete', 'pvc', 'data-orders-0', '--wait=false').status).toBe(0);
        expect(attempt('delete', 'statefulset', 'orders').status).toBe(0);
      } finally {
        await webhook.start();
      }
    });
  });

  describe('kubectl delete pvc', () => {
    test('a claim of a live set stays until it is agreed to, by its name and today', async () => {
      await applied();
      const refused = attempt('delete', 'pvc', 'data-orders-0', '--wait=false');
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain(
        `- [delete-pvc-managed] metadata.name: StatefulSet "orders" runs on this claim; wanted it kept: the volume goes when the pod ends. To delete it all the same: kubectl annotate --overwrite pvc data-orders-0 -n ${namespace} postgres.io/allow-delete-pvc-managed="data-orders-0 ${today}", then once more.`,
      );
      expect(attempt('delete', 'pvc', 'data-orders-0', '--dry-run=server').status).toBe(1);
      expect(attempt('delete', 'pvc', 'pgusher-backup-orders-0').stderr).toContain('is backed up to this claim');
      expect(attempt('delete', 'pvc', '--all').stderr).toContain('denied the request');
      expect(attempt('delete', '--raw', `/api/v1/namespaces/${namespace}/persistentvolumeclaims`).status).toBe(1);
      expect(isThere('pvc', 'data-orders-0')).toBe(true);

      const agree = 'postgres.io/allow-delete-pvc-managed';
      attempt('annotate', 'pvc', 'data-orders-0', `${agree}=data-orders-0 2020-01-01`);
      expect(attempt('delete', 'pvc', 'data-orders-0', '--wait=false').stderr).toContain(
        `${agree} is "data-orders-0 2020-01-01"; today it is: kubectl annotate`,
      );
      attempt('annotate', '--overwrite', 'pvc', 'data-orders-0', `${agree}=data-orders-0 ${today}`);
      const agreed = attempt('delete', 'pvc', 'data-orders-0', '--wait=false');
      expect(agreed.status).toBe(0);
      expect(agreed.stderr).toContain(`Warning: delete-pvc-managed: allowed by ${agree} ("data-orders-0 ${today}")`);
    });

    test('once the set is gone its claims go without a word', async () => {
      await applied();
      attempt('delete', 'statefulset', 'orders');
      await until('the webhook to know that the set is gone', 20_000, () => {
        return attempt('delete', 'pvc', 'data-orders-0').status === 0;
      });
      expect(attempt('delete', 'pvc', 'pgusher-backup-orders-0')).toMatchObject({ status: 0, stderr: '' });
    });

    test('a claim that nobody has', async () => {
      await applied();
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
      const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'dumps', namespace }, spec };
      cluster.kubectl(['create', '-f', '-'], JSON.stringify(claim));
      expect(attempt('delete', 'pvc', 'dumps')).toMatchObject({ status: 0, stderr: '' });
    });
  });

  describe('kubectl delete statefulset', () => {
    test.each([
      ['background', 'the claims stay, and backups stop'],
      ['foreground', 'the claims stay, and backups stop'],
      ['orphan', 'the pods stay, and one that ends does not come back'],
    ])('with Retain, --cascade=%s: a warning', async (cascade, said) => {
      await applied();
      const answer = attempt('delete', 'statefulset', 'orders', `--cascade=${cascade}`);
      expect(answer.stderr).toContain(`Warning: delete-orphan-ok: ${said}`);
      expect(answer.status).toBe(0);
      expect(isThere('pvc', 'data-orders-0')).toBe(true);
    });

    test('with whenDeleted: Delete the data stays until it is agreed to; then the garbage collector takes it', async () => {
      await applied(deleting);
      const refused = attempt('delete', 'statefulset', 'orders');
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain('[delete-with-data] spec.persistentVolumeClaimRetentionPolicy.whenDeleted');
      expect(attempt('delete', 'statefulset', 'orders', '--dry-run=server').status).toBe(1);
      expect(attempt('delete', 'statefulset', 'orders', '--cascade=orphan', '--dry-run=server').status).toBe(0);
      attempt('annotate', 'statefulset', 'orders', `postgres.io/allow-delete-with-data=orders ${today}`);
      expect(attempt('delete', 'statefulset', 'orders').status).toBe(0);
      await until('the claims to be collected', 60_000, () => !isThere('pvc', 'data-orders-0'));
    });
  });

  test('kubectl delete namespace: it ends, whatever its sets say of their claims', async () => {
    await applied(deleting);
    const second = ordersManifest((set) => {
      set.metadata.name = 'invoices';
      set.metadata.namespace = namespace;
    });
    cluster.kubectl(['apply', '-f', '-'], second);
    cluster.kubectl(['delete', 'namespace', namespace, '--timeout=90s']);
    expect(cluster.tryKubectl(['get', 'namespace', namespace]).status).toBe(1);
  });

  test('the apiserver complained of nothing: each condition could be evaluated, each call was answered', async () => {
    const log = await cluster.apiserverLog();
    const lines = log.split('\n').filter((line) => /failed calling webhook|match ?condition/i.test(line));
    // While it was stopped nobody answered.
    expect(lines.filter((line) => !line.includes('connection refused'))).toEqual([]);
  });
});
