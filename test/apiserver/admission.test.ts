import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../src/certificates/authority.ts';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until, type ControlPlane } from './support/control-plane.ts';
import { startRegisteredWebhook, type RegisteredWebhook } from './support/registered-webhook.ts';
import { initContainerNames, ordersManifest, serverOf, stored } from './support/stateful-set.ts';

const injected = ['pgusher-backup', 'pgusher-restore', 'pgusher-initdb'];

describe.skipIf(missingTools('go'))('a real kube-apiserver with both webhooks registered', () => {
  let cluster: ControlPlane;
  let webhook: RegisteredWebhook;

  beforeAll(async () => {
    cluster = await startControlPlane();
    webhook = await startRegisteredWebhook(cluster, { kubeconfig: true });
  });
  afterAll(async () => {
    // Whatever did not start is undefined.
    await (webhook as RegisteredWebhook | undefined)?.remove();
    await (cluster as ControlPlane | undefined)?.stop();
  });
  beforeEach(async () => {
    await webhook.register();
  });
  afterEach(() => {
    webhook.unregister();
    // No garbage collector runs here, which would take the revisions of a deleted set.
    cluster.kubectl(['delete', 'statefulsets,controllerrevisions', '--all', '-n', 'default', '--wait=true']);
  });

  const apply = (manifest: string, ...more: string[]) => cluster.tryKubectl(['apply', '-f', '-', ...more], manifest);

  /** Again where the controller wrote the status between kubectl's GET and its PUT. */
  const replace = (manifest: string) => {
    let answer = cluster.tryKubectl(['replace', '-f', '-'], manifest);
    for (let tries = 1; tries < 10 && answer.stderr.includes('has been modified'); tries += 1) {
      answer = cluster.tryKubectl(['replace', '-f', '-'], manifest);
    }
    return answer;
  };

  test('CREATE stores the protected object and tells the person at the terminal', () => {
    const answer = apply(ordersManifest());
    expect(answer.stderr).toContain('Warning: ');
    expect(answer.status).toBe(0);
    const set = stored(cluster);
    expect(initContainerNames(set)).toEqual(injected);
    expect(set.spec.volumeClaimTemplates.map((claim) => claim.metadata.name)).toEqual(['data', 'pgusher-backup']);
    expect(set.spec.template.spec.terminationGracePeriodSeconds).toBe(300);
  });

  test('what is stored is what was rendered: the apiserver finds nothing to default', () => {
    apply(ordersManifest());
    const before = JSON.stringify(stored(cluster).spec);
    // Writing `latest` renders anew; where the apiserver had defaulted anything, this would differ.
    cluster.kubectl(['annotate', 'statefulset', 'orders', '--overwrite', 'postgres.io/injection-version=latest']);
    const after = stored(cluster);
    expect(JSON.stringify(after.spec)).toBe(before);
    expect(after.metadata.annotations['postgres.io/injection-version']).not.toBe('latest');
    expect(after.metadata.generation).toBe(1);
  });

  test('applying the same file again and again moves no generation and shows no difference', () => {
    apply(ordersManifest());
    const first = stored(cluster);
    expect(apply(ordersManifest()).status).toBe(0);
    expect(apply(ordersManifest()).status).toBe(0);
    const again = stored(cluster);
    expect(again.metadata.generation).toBe(first.metadata.generation);
    expect(again.spec).toEqual(first.spec);
    expect(again.metadata.annotations).toEqual(first.metadata.annotations);
    expect(cluster.tryKubectl(['diff', '-f', '-'], ordersManifest())).toMatchObject({ status: 0, stdout: '' });
  });

  test('server-side apply, twice and with force, and replace leave what is injected alone', () => {
    apply(ordersManifest());
    const first = stored(cluster);
    for (let round = 0; round < 2; round += 1) {
      const answer = apply(ordersManifest(), '--server-side', '--force-conflicts');
      expect(answer.stderr).not.toContain('rror');
      expect(answer.status).toBe(0);
    }
    const replaced = replace(ordersManifest());
    expect(`${replaced.status} ${replaced.stderr}`).toMatch(/^0 /);
    const again = stored(cluster);
    expect(again.metadata.generation).toBe(first.metadata.generation);
    expect(again.spec).toEqual(first.spec);
  });

  test('an object created by server-side apply is protected as well', () => {
    expect(apply(ordersManifest(), '--server-side').status).toBe(0);
    expect(initContainerNames(stored(cluster))).toEqual(injected);
    expect(apply(ordersManifest(), '--server-side').status).toBe(0);
    expect(stored(cluster).metadata.generation).toBe(1);
  });

  test('scaling needs nothing from us and changes nothing but the number', () => {
    apply(ordersManifest());
    const first = stored(cluster);
    cluster.kubectl(['scale', 'statefulset', 'orders', '--replicas=0']);
    const scaled = stored(cluster);
    expect(scaled.spec.replicas).toBe(0);
    expect(scaled.spec.template).toEqual(first.spec.template);
  });

  test('a strategic patch of the image renders the initialising container with the same image', () => {
    apply(ordersManifest());
    const patch =
      '{"spec":{"template":{"spec":{"containers":[{"name":"postgres","image":"postgres:17.7-bookworm"}]}}}}';
    const answer = cluster.tryKubectl(['patch', 'statefulset', 'orders', '--type=strategic', '-p', patch]);
    expect(answer.stderr).toMatch(/restart/);
    const set = stored(cluster);
    expect(serverOf(set).image).toBe('postgres:17.7-bookworm');
    expect(set.spec.template.spec.initContainers?.find((one) => one.name === 'pgusher-initdb')?.image).toBe(
      'postgres:17.7-bookworm',
    );
  });

  test('rollout undo brings the old template back, injected parts included, and the next apply does not undo it', async () => {
    apply(ordersManifest());
    const first = stored(cluster);
    await untilRevision(1);
    apply(ordersManifest((manifest) => (manifest.metadata.annotations['postgres.io/stop-grace'] = '600')));
    const second = stored(cluster);
    expect(second.spec.template).not.toEqual(first.spec.template);
    await untilRevision(2);
    const undone = cluster.tryKubectl(['rollout', 'undo', 'statefulset', 'orders']);
    expect(undone).toEqual({
      status: 0,
      stdout: 'statefulset.apps/orders rolled back\n',
      stderr: expect.any(String) as string,
    });
    const third = stored(cluster);
    expect(third.spec.template).toEqual(first.spec.template);
    // A label moves nothing either.
    cluster.kubectl(['label', 'statefulset', 'orders', 'team=shop']);
    expect(stored(cluster).spec.template).toEqual(first.spec.template);
    expect(stored(cluster).metadata.generation).toBe(third.metadata.generation);
  });

  test('rollout undo across the label, taken off and put back, brings back what was injected then', async () => {
    const setLabel = (change: string): string => cluster.kubectl(['label', 'statefulset', 'orders', change]);
    apply(ordersManifest());
    const first = stored(cluster);
    await untilRevision(1);
    cluster.kubectl(['annotate', 'statefulset', 'orders', 'postgres.io/allow-managed-label-removed=tried here']);
    setLabel('postgres.io/managed-');
    await untilRevision(2);
    cluster.kubectl(['annotate', 'statefulset', 'orders', 'postgres.io/stop-grace=600']);
    setLabel('postgres.io/managed=true');
    await untilRevision(3);
    expect(stored(cluster).spec.template).not.toEqual(first.spec.template);
    cluster.kubectl(['rollout', 'undo', 'statefulset', 'orders', '--to-revision=1']);
    const undone = stored(cluster);
    expect(undone.spec.template).toEqual(first.spec.template);
    setLabel('team=shop');
    expect(stored(cluster).metadata.generation).toBe(undone.metadata.generation);
    // And the same while the label is off, when nobody is asked.
    setLabel('postgres.io/managed-');
    cluster.kubectl(['rollout', 'undo', 'statefulset', 'orders', '--to-revision=3']);
    setLabel('postgres.io/managed=true');
    setLabel('postgres.io/managed-');
    expect(JSON.stringify(stored(cluster).spec.template)).not.toContain('pgusher');
    expect(serverOf(stored(cluster)).args).toEqual(['-c', 'max_connections=200']);
  });

  test('a dry run shows what would be and stores nothing', () => {
    const answer = apply(ordersManifest(), '--dry-run=server', '-o', 'json');
    expect(answer.stdout).toContain('pgusher-backup');
    expect(cluster.tryKubectl(['get', 'statefulset', 'orders']).status).toBe(1);
  });

  test('a refused object is not stored, and the person sees every finding at once', () => {
    const answer = apply(
      ordersManifest((manifest) => {
        const server = serverOf(manifest);
        server.image = 'postgres:latest';
        server.env = [{ name: 'POSTGRES_PASSWORD', value: 'admin123' }];
      }),
    );
    expect(answer.status).toBe(1);
    expect(answer.stderr).toContain('image-latest');
    expect(answer.stderr).toContain('plaintext-password');
    expect(answer.stderr).not.toContain('admin123');
    expect(cluster.tryKubectl(['get', 'statefulset', 'orders']).status).toBe(1);
  });

  test('a patch that is refused leaves the object as it was', () => {
    apply(ordersManifest());
    const before = stored(cluster);
    const patch = '[{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"-cfsync=off"}]';
    const answer = cluster.tryKubectl(['patch', 'statefulset', 'orders', '--type=json', '-p', patch]);
    expect(answer.status).toBe(1);
    expect(answer.stderr).toContain('fsync-off');
    expect(stored(cluster)).toEqual(before);
  });

  test('what the apiserver itself refuses is refused in its own words', () => {
    const answer = apply(ordersManifest((manifest) => (manifest.spec.template.metadata.labels = { app: 'other' })));
    expect(answer.status).toBe(1);
    expect(answer.stderr).toContain('selector');
  });

  test('injected parts that were edited or removed by hand are put back, with a warning', () => {
    apply(ordersManifest());
    const before = stored(cluster);
    const edited = cluster.tryKubectl([
      'patch', 'statefulset', 'orders', '--type=json', '-p',
      '[{"op":"replace","path":"/spec/template/spec/initContainers/0/image","value":"busybox"}]',
    ]); // prettier-ignore
    expect(edited.stderr).toContain('Warning: ');
    const removed = cluster.tryKubectl([
      'patch',
      'statefulset',
      'orders',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/spec/template/spec/initContainers"}]',
    ]);
    expect(removed.stderr).toContain('Warning: ');
    expect(stored(cluster).spec).toEqual(before.spec);
    expect(stored(cluster).metadata.generation).toBe(before.metadata.generation);
  });

  test('the label comes off only with its escape, and then what is ours goes but the claim template and PGDATA', () => {
    apply(ordersManifest());
    const refused = cluster.tryKubectl(['label', 'statefulset', 'orders', 'postgres.io/managed-']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('managed-label-removed');
    cluster.kubectl([
      'annotate',
      'statefulset',
      'orders',
      'postgres.io/allow-managed-label-removed=moves to another cluster',
    ]);
    const released = cluster.tryKubectl(['label', 'statefulset', 'orders', 'postgres.io/managed-']);
    expect(released.status).toBe(0);
    expect(released.stderr).toContain(
      'PGDATA=/var/lib/postgresql/data/pgdata stays, since the database is there; write it into your manifest',
    );
    const set = stored(cluster);
    expect(serverOf(set).env).toContainEqual({ name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' });
    expect(JSON.stringify(set.spec.template)).not.toContain('pgusher');
    expect(set.spec.template.spec.terminationGracePeriodSeconds).toBe(30);
    expect(serverOf(set).args).toEqual(['-c', 'max_connections=200']);
    expect(set.spec.volumeClaimTemplates.map((claim) => claim.metadata.name)).toEqual(['data', 'pgusher-backup']);
  });

  test('a set that is adopted later gets everything that an update may add', () => {
    cluster.kubectl(
      ['apply', '-f', '-'],
      ordersManifest((manifest) => (manifest.metadata.labels = { team: 'shop' })),
    );
    expect(initContainerNames(stored(cluster))).toEqual([]);
    const answer = apply(ordersManifest());
    expect(answer.stderr).toContain('backup-destination-missing');
    expect(answer.status).toBe(0);
    const set = stored(cluster);
    expect(initContainerNames(set)).toEqual(injected);
    expect(set.spec.volumeClaimTemplates.map((claim) => claim.metadata.name)).toEqual(['data']);
    expect(apply(ordersManifest()).status).toBe(0);
    expect(stored(cluster).metadata.generation).toBe(set.metadata.generation);
  });

  test('a finalizer of a set that is being deleted can be taken off', () => {
    apply(ordersManifest((manifest) => (manifest.metadata.finalizers = ['example.com/hold'])));
    cluster.kubectl(['delete', 'statefulset', 'orders', '--wait=false']);
    cluster.kubectl([
      'patch',
      'statefulset',
      'orders',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/metadata/finalizers"}]',
    ]);
    expect(cluster.tryKubectl(['get', 'statefulset', 'orders']).status).toBe(1);
  });

  test('annotations of the namespace are a layer of settings', async () => {
    cluster.kubectl(['create', 'namespace', 'shop']);
    cluster.kubectl(['annotate', 'namespace', 'shop', 'postgres.io/stop-grace=1200']);
    const manifest = ordersManifest((set) => (set.metadata.namespace = 'shop'));
    await until('the watch to tell', 10_000, () => {
      const answer = apply(manifest, '--dry-run=server', '-o', 'json');
      return answer.status === 0 && answer.stdout.includes('"terminationGracePeriodSeconds": 1200');
    });
    cluster.kubectl(['delete', 'namespace', 'shop', '--wait=false']);
  });

  test('in a namespace that is being deleted everything can be deleted, whoever does it', async () => {
    cluster.kubectl(['create', 'namespace', 'ending']);
    const manifest = ordersManifest((set) => {
      set.metadata.namespace = 'ending';
      set.metadata.annotations['postgres.io/allow-pvc-retention-delete'] = 'thrown away each night';
      Object.assign(set.spec, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } });
    });
    expect(apply(manifest).status).toBe(0);
    const attempt = (...args: string[]) => cluster.tryKubectl(['delete', ...args, '-n', 'ending', '--wait=false']);
    const claimIsThere = (): boolean =>
      cluster.tryKubectl(['get', 'pvc', 'data-orders-0', '-n', 'ending']).status === 0;
    await until('the claim', 30_000, claimIsThere);
    await until('the refusals', 30_000, () => {
      const answers = [
        attempt('statefulset', 'orders', '--dry-run=server'),
        attempt('pvc', 'data-orders-0', '--dry-run=server'),
      ];
      return answers.every(({ status }) => status !== 0);
    });
    // No controller empties it here.
    cluster.kubectl(['delete', 'namespace', 'ending', '--wait=false']);
    await until('the end to be known', 20_000, () => attempt('pvc', 'data-orders-0').status === 0);
    const answer = attempt('statefulset', 'orders');
    expect(answer.stderr).toContain(
      'Warning: namespace-terminating: namespace "ending" is being deleted with all claims',
    );
    expect(answer.status).toBe(0);
  });

  test('a namespace whose LimitRange wants requests and limits takes the injected pod as it is', () => {
    apply(ordersManifest());
    const { template, volumeClaimTemplates } = stored(cluster).spec;
    const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
      name,
      persistentVolumeClaim: { claimName: `${name}-orders-0` },
    }));
    const spec = { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claims] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'limited' }, spec };
    const limits = {
      type: 'Container',
      min: { cpu: '50m', memory: '64Mi' },
      max: { cpu: '4', memory: '8Gi' },
      default: { cpu: '3', memory: '3Gi' },
      defaultRequest: { cpu: '2', memory: '3Gi' },
    };
    const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'range' }, spec: { limits: [limits] } };
    cluster.tryKubectl(['create', 'serviceaccount', 'default']);
    cluster.kubectl(['create', '-f', '-'], JSON.stringify(range));
    try {
      const made = cluster.tryKubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], JSON.stringify(pod));
      expect(made.stderr).toBe('');
      const { spec: limited } = JSON.parse(made.stdout) as typeof pod;
      const resourcesOf = ({ initContainers = [] }: typeof template.spec, who: (name: string) => boolean): unknown =>
        initContainers.filter(({ name }) => who(name)).map(({ resources }) => resources);
      const isAgent = (name: string): boolean => name !== 'pgusher-initdb';
      expect(resourcesOf(limited, isAgent)).toEqual(resourcesOf(template.spec, isAgent));
      // It runs the server, and gets what the server gets.
      const [server] = limited.containers.map(({ resources }) => resources);
      expect(server).toMatchObject({ limits: limits.default });
      expect(resourcesOf(limited, (name) => !isAgent(name))).toEqual([server]);
    } finally {
      cluster.kubectl(['delete', 'limitrange', 'range']);
    }
  });

  test('the label on a Deployment is refused with the kind that is wanted', () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'orders', namespace: 'default', labels: { 'postgres.io/managed': 'true' } },
      spec: {
        selector: { matchLabels: { app: 'x' } },
        template: {
          metadata: { labels: { app: 'x' } },
          spec: { containers: [{ name: 'postgres', image: 'postgres:17.6' }] },
        },
      },
    };
    const answer = cluster.tryKubectl(['create', '-f', '-'], JSON.stringify(deployment));
    expect(answer.status).toBe(1);
    expect(answer.stderr).toContain('StatefulSet');
  });

  test('the system namespaces are not asked about', () => {
    const manifest = ordersManifest((set) => {
      set.metadata.namespace = 'kube-system';
      serverOf(set).image = 'postgres:latest';
    });
    expect(apply(manifest).status).toBe(0);
    cluster.kubectl(['delete', 'statefulset', 'orders', '-n', 'kube-system']);
  });

  test('a certificate of another authority: Fail refuses with the reason', async () => {
    await webhook.register({ authority: createAuthority('somebody else', { now: new Date(), days: 1 }).certificate });
    const answer = apply(ordersManifest());
    expect(answer.status).toBe(1);
    expect(answer.stderr).toContain('certificate');
  });

  test('webhook down with Fail: nothing is created, scale and delete still work; with Ignore it is let through', async () => {
    apply(ordersManifest());
    await webhook.stop();
    try {
      expect(apply(ordersManifest((set) => (set.metadata.name = 'second'))).status).toBe(1);
      expect(cluster.tryKubectl(['scale', 'statefulset', 'orders', '--replicas=0']).status).toBe(0);
      expect(cluster.tryKubectl(['delete', 'statefulset', 'orders']).status).toBe(0);
      await webhook.register({ failurePolicy: 'Ignore' });
      expect(apply(ordersManifest((set) => (set.metadata.name = 'third'))).status).toBe(0);
      expect(initContainerNames(stored(cluster, 'third'))).toEqual([]);
    } finally {
      await webhook.start();
    }
  });

  test('one log line a review, without the object', () => {
    apply(ordersManifest());
    const lines = webhook
      .log()
      .split('\n')
      .filter((line) => line.includes('"orders"') || line.includes('default/orders'));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) {
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(line.length).toBeLessThan(1000);
      expect(line).not.toContain('secretKeyRef');
    }
  });

  test('the apiserver complained of nothing: no failed call, no dropped warning, no bad audit annotation', async () => {
    const log = await cluster.apiserverLog();
    expect(log).not.toMatch(/failed to set admission audit annotation|invalid warning|unable to add warning/i);
  });

  /** The controller writes a revision for each template; undo needs the one before. */
  async function untilRevision(count: number): Promise<void> {
    await until(`${String(count)} revisions`, 30_000, () => {
      const names = cluster
        .kubectl(['get', 'controllerrevisions', '-o', 'name'])
        .trim()
        .split('\n')
        .filter((name) => name !== '');
      return names.length >= count;
    });
  }
});
