import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until, type ControlPlane } from './support/control-plane.ts';
import { ordersManifest, serverOf, type StatefulSet } from './support/stateful-set.ts';

const policy = join(import.meta.dirname, '..', '..', 'manifests', 'base', 'validating-admission-policy.yaml');

/** No webhook at all: what the apiserver refuses by itself. */
describe.skipIf(missingTools('go'))('the ValidatingAdmissionPolicy, with our pods down', () => {
  let cluster: ControlPlane;

  beforeAll(async () => {
    cluster = await startControlPlane();
    const answer = cluster.tryKubectl(['apply', '-f', policy]);
    expect(answer).toMatchObject({ status: 0 });
    await until('the policy to be in force', 30_000, () => create(emptyDir, '--dry-run=server').status !== 0);
  });
  afterAll(async () => {
    await cluster.stop();
  });
  afterEach(() => {
    cluster.kubectl(['delete', 'statefulset', '--all', '--wait=true']);
  });

  const create = (change: (manifest: StatefulSet) => void, ...more: string[]) =>
    cluster.tryKubectl(['create', '-f', '-', ...more], ordersManifest(change));

  function emptyDir(manifest: StatefulSet): void {
    manifest.spec.volumeClaimTemplates = [];
    manifest.spec.template.spec.volumes = [{ name: 'data', ...{ emptyDir: {} } }];
  }
  const unsafe: readonly (readonly [string, (manifest: StatefulSet) => void])[] = [
    ['plaintext-password', (set) => (serverOf(set).env = [{ name: 'POSTGRES_PASSWORD', value: 'secret' }])],
    ['pgdata-emptydir', emptyDir],
    [
      'pgdata-hostpath',
      (set) => {
        set.spec.volumeClaimTemplates = [];
        set.spec.template.spec.volumes = [{ name: 'data', ...{ hostPath: { path: '/srv' } } }];
      },
    ],
    ['replicas-without-replication', (set) => (set.spec.replicas = 2)],
    ['fsync-off', (set) => (serverOf(set).args = ['-c', 'fsync=off'])],
    ['grace-too-low', (set) => Object.assign(set.spec.template.spec, { terminationGracePeriodSeconds: 0 })],
    [
      'pvc-retention-delete',
      (set) => Object.assign(set.spec, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } }),
    ],
  ];

  test('accepts what is safe', () => {
    expect(create(() => undefined)).toMatchObject({ status: 0 });
  });

  test.each(unsafe)('refuses %s', (check, change) => {
    const answer = create(change);
    expect(answer.status).toBe(1);
    expect(answer.stderr).toContain(`${check}: `);
  });

  test.each(unsafe)('lets %s through with its escape', (check, change) => {
    const answer = create((set) => {
      change(set);
      set.metadata.annotations[`postgres.io/allow-${check}`] = 'a test';
    });
    expect(answer).toMatchObject({ status: 0 });
  });

  test('lets the label be taken off with its escape, and everything injected with it', () => {
    create((set) => {
      set.spec.template.spec.initContainers = [{ name: 'pgusher-backup', image: 'x' }];
    });
    const removed = (escape: string | null): string =>
      JSON.stringify({
        metadata: {
          labels: { 'postgres.io/managed': null },
          annotations: { 'postgres.io/allow-managed-label-removed': escape },
        },
        spec: { template: { spec: { initContainers: null } } },
      });
    const patch = (text: string) => cluster.tryKubectl(['patch', 'statefulset', 'orders', '--type=merge', '-p', text]);
    expect(patch(removed(null)).stderr).toContain('managed-label-removed: ');
    expect(patch(removed('a test'))).toMatchObject({ status: 0 });
  });

  test('takes a reason on the namespace, but no empty one', () => {
    const unsafe = (set: StatefulSet): void => {
      set.spec.replicas = 2;
    };
    const escape = (reason: string): void => {
      const annotation = `postgres.io/allow-replicas-without-replication=${reason}`;
      cluster.kubectl(['annotate', '--overwrite', 'namespace', 'default', annotation]);
    };
    try {
      escape(' ');
      expect(create(unsafe, '--dry-run=server').stderr).toContain('replicas-without-replication: ');
      escape('a test');
      expect(create(unsafe, '--dry-run=server')).toMatchObject({ status: 0 });
    } finally {
      cluster.kubectl(['annotate', 'namespace', 'default', 'postgres.io/allow-replicas-without-replication-']);
    }
  });

  test.each<readonly [string, (set: StatefulSet) => void]>([
    [
      'an emptyDir of the name of a claim template, which takes its place',
      (set) => (set.spec.template.spec.volumes = [{ name: 'data', ...{ emptyDir: {} } }]),
    ],
    [
      'an emptyDir of a sidecar at the place where servers keep their data',
      (set) => {
        const volumeMounts = [{ name: 'scratch', mountPath: '/var/lib/postgresql/data' }];
        set.spec.template.spec.containers.push({ name: 'dump', image: 'dump-tool:1', ...{ volumeMounts } });
        set.spec.template.spec.volumes = [{ name: 'scratch', ...{ emptyDir: {} } }];
      },
    ],
    [
      'fsync that a later argument puts on again',
      (set) => (serverOf(set).args = ['-c', 'fsync=off', '-c', 'fsync=on']),
    ],
    [
      'an image that manages Postgres by itself',
      (set) => {
        serverOf(set).image = 'ghcr.io/zalando/spilo-17:4.0-p3';
        set.spec.replicas = 3;
      },
    ],
  ])('lets %s through, as the checks do', (_what, change) => {
    expect(create(change)).toMatchObject({ status: 0 });
  });

  test('does not look at sets without the label', () => {
    const answer = create((set) => {
      emptyDir(set);
      set.metadata.labels = {};
    });
    expect(answer).toMatchObject({ status: 0 });
  });
});
