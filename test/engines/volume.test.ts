import { expect, test } from 'vitest';
import { engineNamed, engineNames } from '../../src/engines/registry.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { objectAt } from '../../src/workload/json.ts';
import { readSettings } from '../../src/workload/read-settings.ts';
import { contract, initContainer, plan, reason, rendered, volume } from '../injections/support/rendered.ts';
import type { Manifest } from '../injections/support/workload.ts';
import { dataTemplate } from '../injections/support/workload.ts';

test('the setting accepts the engines that there are', () => {
  expect(engineNames).toEqual(['volume']);
  for (const name of engineNames) {
    expect(engineNamed(name).name).toBe(name);
    expect(readSettings({ statefulset: { 'postgres.io/backup-engine': name } }).problems).toEqual([]);
  }
  expect(() => engineNamed('tape')).toThrow('There is no backup engine "tape"; there are volume.');
});

function size(of: Plan): unknown {
  const [template] = of.claimTemplates;
  return objectAt(objectAt(template, 'spec'), 'resources')['requests'];
}

const sizes: readonly (readonly [why: string, manifest: Manifest, storage: string])[] = [
  ['twice the data claim', {}, '20Gi'],
  ['twice a decimal one', { spec: { volumeClaimTemplates: [dataTemplate('100G')] } }, '195312500Ki'],
  ['what the annotation says', { settings: { 'backup-storage': '75Gi' } }, '75Gi'],
  ['as the apiserver writes it', { settings: { 'backup-storage': '1.5Gi' } }, '1536Mi'],
];

test.each(sizes)('the size of the claim template: %s', (_why, manifest, storage) => {
  expect(size(plan(manifest))).toEqual({ storage });
});

test('the class is the data claim’s, unless the annotation says another', () => {
  const spec = { volumeClaimTemplates: [dataTemplate('1Gi', 'fast')] };
  expect(plan({ spec }).claimTemplates[0]?.['spec']).toMatchObject({ storageClassName: 'fast' });
  const settings = { 'backup-storage-class': 'bulk' };
  expect(plan({ spec, settings }).claimTemplates[0]?.['spec']).toMatchObject({ storageClassName: 'bulk' });
  expect(plan().claimTemplates[0]?.['spec']).not.toHaveProperty('storageClassName');
});

test('a claim that is there already is mounted under a volume name of its own', () => {
  const result = rendered({ settings: { 'backup-claim': 'archive' } });
  expect(result.plan.claimTemplates).toEqual([]);
  expect(volume(result.plan, 'pgusher-backup-claim')).toEqual({
    name: 'pgusher-backup-claim',
    persistentVolumeClaim: { claimName: 'archive' },
  });
  expect(initContainer(result.plan, 'pgusher-backup')['volumeMounts']).toContainEqual({
    name: 'pgusher-backup-claim',
    mountPath: '/pgusher-backup',
  });
  expect(reason(result, 'backup-claim-template')).toBe('injected: backups go to claim archive');
});

const nowhere: readonly (readonly [why: string, manifest: Manifest, operation: 'CREATE' | 'UPDATE', reason: string])[] =
  [
    [
      'adoption',
      {},
      'UPDATE',
      'claim templates of a StatefulSet cannot be changed; write postgres.io/backup-claim with an existing claim',
    ],
    [
      'storage none',
      { settings: { 'backup-storage': 'none' } },
      'CREATE',
      'postgres.io/backup-storage is "none" and there is no postgres.io/backup-claim',
    ],
    [
      'backups off',
      { settings: { backup: 'off' } },
      'CREATE',
      'postgres.io/backup is "off" and there is no postgres.io/backup-claim',
    ],
    [
      'a data volume of unknown size',
      { spec: { volumeClaimTemplates: [] }, pod: { volumes: [{ name: 'data', hostPath: { path: '/d' } }] } },
      'CREATE',
      'how large the data volume is does not stand in this object; write postgres.io/backup-storage with a size',
    ],
  ];

test.each(nowhere)('without a destination the reason says what to write: %s', (_why, manifest, operation, text) => {
  const result = rendered(manifest, operation);
  expect(reason(result, 'backup-claim-template')).toBe(`skipped: no backups: ${text}`);
  expect(reason(result, 'backup-sidecar')).toBe(
    `injected: pgusher-backup holds the lock on the data and keeps roles right; it makes no backups: ${text}`,
  );
  expect(contract(result.plan).store).toBeNull();
  expect(result.plan.claimTemplates).toEqual([]);
});

test('a template that was added on CREATE is used and carried on UPDATE', () => {
  const before = plan();
  const after = rendered({ settings: { 'backup-keep': '3' } }, 'UPDATE', before);
  expect(after.plan.claimTemplates).toEqual(before.claimTemplates);
  expect(contract(after.plan).store).toEqual({ mount: '/pgusher-backup', prefix: 'shop/orders' });
  expect(reason(after, 'backup-claim-template')).toBe('injected: backups go to claim template pgusher-backup, 20Gi');
});

test('it is carried even where backups go elsewhere now, since it cannot be taken away', () => {
  const before = plan();
  const after = plan({ settings: { 'backup-claim': 'archive' } }, 'UPDATE', before);
  expect(after.claimTemplates).toEqual(before.claimTemplates);
  expect(initContainer(after, 'pgusher-backup')['volumeMounts']).toContainEqual({
    name: 'pgusher-backup-claim',
    mountPath: '/pgusher-backup',
  });
});

test('a template that stayed behind in the object is used and not added again', () => {
  const template = { metadata: { name: 'pgusher-backup' }, spec: { resources: { requests: { storage: '33Gi' } } } };
  const result = rendered({ spec: { volumeClaimTemplates: [dataTemplate('10Gi'), template] } }, 'UPDATE');
  expect(result.plan.claimTemplates).toEqual([]);
  expect(contract(result.plan).store).not.toBeNull();
  expect(reason(result, 'backup-claim-template')).toBe('injected: backups go to claim template pgusher-backup, 33Gi');
});

test('a clone reads another claim and never writes it', () => {
  const result = rendered({ settings: { 'restore-from': 'prod/orders', 'restore-from-claim': 'prod-backups' } });
  expect(contract(result.plan).source).toEqual({ mount: '/pgusher-source', prefix: 'prod/orders' });
  expect(volume(result.plan, 'pgusher-source')).toEqual({
    name: 'pgusher-source',
    persistentVolumeClaim: { claimName: 'prod-backups', readOnly: true },
  });
  for (const name of ['pgusher-backup', 'pgusher-restore']) {
    expect(initContainer(result.plan, name)['volumeMounts']).toContainEqual({
      name: 'pgusher-source',
      mountPath: '/pgusher-source',
      readOnly: true,
    });
  }
  expect(reason(result, 'backup-claim-template')).toBe(
    'injected: backups go to claim template pgusher-backup, 20Gi; the first start restores prod/orders in claim prod-backups',
  );
});

test('a claim alone means the set’s own folder in it', () => {
  const result = plan({ settings: { 'restore-from-claim': 'copied-backups' } });
  expect(contract(result).source).toEqual({ mount: '/pgusher-source', prefix: 'shop/orders' });
});

test('another folder of the same claim is mounted from the same volume', () => {
  const settings = { 'backup-claim': 'shared', 'restore-from-claim': 'shared', 'restore-from': 'shop/old-orders' };
  const result = plan({ settings });
  expect(result.volumes.filter(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined)).toEqual([
    { name: 'pgusher-backup-claim', persistentVolumeClaim: { claimName: 'shared' } },
  ]);
  expect(initContainer(result, 'pgusher-restore')['volumeMounts']).toContainEqual({
    name: 'pgusher-backup-claim',
    mountPath: '/pgusher-source',
    readOnly: true,
  });
  expect(contract(result).source).toEqual({ mount: '/pgusher-source', prefix: 'shop/old-orders' });
});

test('a clone of itself is no clone', () => {
  expect(contract(plan({ settings: { 'restore-from': 'shop/orders' } })).source).toBeNull();
});

test('a clone from nowhere is not started empty: the agent finds no mount there and stops', () => {
  const result = rendered({ settings: { 'restore-from': 'prod/orders', 'backup-storage': 'none' } });
  expect(contract(result.plan).source).toEqual({ mount: '/pgusher-source', prefix: 'prod/orders' });
  expect(JSON.stringify(initContainer(result.plan, 'pgusher-restore')['volumeMounts'])).not.toContain(
    '/pgusher-source',
  );
  expect(reason(result, 'backup-claim-template')).toBe(
    'skipped: no backups: postgres.io/backup-storage is "none" and there is no postgres.io/backup-claim; ' +
      'postgres.io/restore-from is "prod/orders" but there is no claim that could hold it; write postgres.io/restore-from-claim',
  );
});
