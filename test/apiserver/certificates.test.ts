import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until } from './support/control-plane.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { accountKubeconfig, routeTo, startReplica } from './support/replicas.ts';
import type { Replica } from './support/replicas.ts';
import { ordersManifest } from './support/stateful-set.ts';

const manifests = join(import.meta.dirname, '..', '..', 'manifests');

describe.skipIf(missingTools('go'))('built-in certificates, with a real kube-apiserver', () => {
  let cluster: ControlPlane;
  let kubeconfig: string;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    cluster = await startControlPlane([], { routesServices: true });
    cluster.kubectl(['apply', '-k', manifests]);
    kubeconfig = accountKubeconfig(cluster);
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.kill();
    await (cluster as ControlPlane | undefined)?.stop();
  });

  test('applied, and nothing else: a replica makes authority, certificate and bundle, and the apiserver calls it', async () => {
    const replica = await startReplica('a', kubeconfig);
    replicas.push(replica);
    await until('the replica to be ready', 30_000, async () => (await replica.readiness()) === 'ok\n');
    routeTo(cluster, replicas);
    const create = () => cluster.tryKubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], ordersManifest());
    await until('the apiserver to call it', 30_000, () => create().stdout.includes('pgusher-restore'));
  });
});
