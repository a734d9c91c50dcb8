import { expect, it } from 'vitest';
import { drillName, drillSet } from '../../src/drill/drill-set.ts';
import { readDrillSource } from '../../src/drill/drill-source.ts';
import type { JsonObject } from '../../src/workload/json.ts';

it('has a name that a StatefulSet may have, and its pod a name of its own', () => {
  expect(drillName('orders')).toBe('orders-drill');
  expect(drillName(`${'a'.repeat(45)}-${'b'.repeat(10)}`)).toBe(`${'a'.repeat(45)}-drill`);
});

it('starts from the backups of the real one, makes none, follows nobody and restores nothing old', () => {
  const user: JsonObject = {
    metadata: {
      name: 'orders',
      namespace: 'shop',
      uid: '1',
      annotations: {
        'postgres.io/container': 'db',
        'postgres.io/allow-fsync-off': 'a test database',
        'postgres.io/restore-passwords-secret': 'orders-app',
        'postgres.io/backup-claim': 'backups',
        'postgres.io/backup-keep': '3',
        'postgres.io/restore-target-time': '2026-11-21 06:00:00+00',
        'postgres.io/restore-id': 'undo',
        'postgres.io/role': 'standby',
        'postgres.io/primary': 'other-0.other',
        'postgres.io/replication-secret': 'replication',
        'postgres.io/synchronous': '1',
        'postgres.io/bootstrap': 'initialize',
        'argocd.argoproj.io/tracking-id': 'x',
      },
    },
    spec: { replicas: 3, serviceName: 'orders' },
  };
  expect(drillSet(user, { claim: 'backups', prefix: 'shop/orders', agentImage: 'agent:1' })).toEqual({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: 'orders-drill',
      namespace: 'shop',
      labels: { 'postgres.io/managed': 'true', 'postgres.io/drill-of': 'orders' },
      annotations: {
        'postgres.io/container': 'db',
        'postgres.io/allow-fsync-off': 'a test database',
        'postgres.io/restore-passwords-secret': 'orders-app',
        'postgres.io/backup': 'off',
        'postgres.io/bootstrap': 'restore',
        'postgres.io/restore-from': 'shop/orders',
        'postgres.io/restore-from-claim': 'backups',
        'postgres.io/agent-image': 'agent:1',
      },
    },
    spec: { replicas: 1, serviceName: 'orders' },
  });
});

function stored(store: JsonObject | null, volumes: readonly JsonObject[] = []): JsonObject {
  return {
    spec: {
      template: {
        spec: {
          initContainers: [
            {
              name: 'pgusher-backup',
              image: 'agent:1',
              env: [{ name: 'PGUSHER_CONTRACT', value: JSON.stringify({ store }) }],
              volumeMounts: [{ name: 'pgusher-backup', mountPath: '/pgusher-backup' }],
            },
          ],
          volumes,
        },
      },
    },
  };
}

it('finds the claim of a pod, or the one that is named', () => {
  const store = { mount: '/pgusher-backup', prefix: 'shop/orders' };
  expect(readDrillSource(stored(store), 'orders-2')).toEqual({
    claim: 'pgusher-backup-orders-2',
    prefix: 'shop/orders',
    agentImage: 'agent:1',
  });
  const named = [{ name: 'pgusher-backup', persistentVolumeClaim: { claimName: 'backups' } }];
  expect(readDrillSource(stored(store, named), 'orders-2')).toMatchObject({ claim: 'backups' });
  expect(readDrillSource(stored(null), 'orders-2')).toContain('it has no backups');
});
