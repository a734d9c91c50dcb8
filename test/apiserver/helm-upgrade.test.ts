import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { tryCommand } from '../../scripts/cluster/command.ts';
import type { CommandResult } from '../../scripts/cluster/command.ts';
import { kubernetesVersion } from '../../scripts/cluster/kubernetes.ts';
import { helmProgram, helmVersions } from '../../scripts/helm/helm-program.ts';
import { missingTools } from '../support/tool.ts';
import { startBalancer } from './support/balancer.ts';
import { startControlPlane, until } from './support/control-plane.ts';
import type { ControlPlane, KubectlResult } from './support/control-plane.ts';
import { accountKubeconfig, startReplica } from './support/replicas.ts';
import { ordersManifest } from './support/stateful-set.ts';

const root = join(import.meta.dirname, '..', '..');
const chart = join(root, 'manifests', 'chart');
interface TestObject {
  readonly kind: string;
  readonly spec?: { readonly containers: readonly { readonly args: readonly string[] }[] };
}

const kinds = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;

/**
 * The webhook writes into three objects that Helm applies. It does not run while Helm works here, so that nothing that Helm takes away is put
 * back before it is seen.
 */
describe.skipIf(missingTools('go')).each(helmVersions)('the chart in a cluster, by Helm %s', (version) => {
  let cluster: ControlPlane;
  let program: string;

  beforeAll(async () => {
    program = helmProgram(version);
    cluster = await startControlPlane([], { routesServices: true });
  });
  afterAll(async () => {
    await (cluster as ControlPlane | undefined)?.stop();
  });

  const attempt = (...args: readonly string[]): KubectlResult => {
    const { status, stdout, stderr } = spawnSync(program, ['--kubeconfig', cluster.kubeconfig, ...args], {
      encoding: 'utf8',
      env: { ...process.env, HELM_CACHE_HOME: cluster.directory, HELM_CONFIG_HOME: cluster.directory },
    });
    return { status: status ?? -1, stdout, stderr };
  };
  const helm = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = attempt(...args);
    if (status !== 0) throw new Error(`helm ${args.join(' ')} failed (${String(status)}): ${stderr}`);
    return stdout;
  };
  const webhooks = (): readonly { name: string; clientConfig: { caBundle?: string }; namespaceSelector: object }[] =>
    kinds.flatMap((kind) => {
      const text = cluster.kubectl(['get', kind, 'zz-pgusher', '-o', 'json']);
      return (JSON.parse(text) as { webhooks: ReturnType<typeof webhooks> }).webhooks;
    });
  const bundles = (): readonly (string | undefined)[] => webhooks().map(({ clientConfig }) => clientConfig.caBundle);
  const authorities = (): string =>
    cluster.kubectl(['-n', 'pgusher-system', 'get', 'secret', 'pgusher-webhook-authority', '-o', 'jsonpath={.data}']);
  const writtenByTheWebhook = async (): Promise<{ bundle: string; authorities: string }> => {
    const replica = await startReplica(accountKubeconfig(cluster));
    await until('a replica to be ready', 60_000, async () => (await replica.readiness()) === 'ok\n');
    await replica.kill();
    const [bundle = ''] = bundles();
    return { bundle, authorities: authorities() };
  };

  test('installs, and says what to type next', () => {
    const said = helm('install', 'pgusher', chart);
    expect(said).toContain('helm test pgusher --namespace default');
    expect(bundles()).toEqual(Array(6).fill(undefined));
  });

  test('its test passes when the webhook answers, and not without it or without the right to ask', async () => {
    const shown = ['--show-only', 'templates/tests/admission.yaml', '--kube-version', kubernetesVersion];
    const text = helm('template', 'pgusher', chart, ...shown);
    const objects = parseAllDocuments(text).map((document) => document.toJS() as TestObject);
    const pod = objects.find(({ kind }) => kind === 'Pod');
    // The namespace holds it to the strictest Pod Security level.
    const account = objects.filter(({ kind }) => kind === 'ServiceAccount');
    for (const object of account) cluster.kubectl(['apply', '-f', '-'], JSON.stringify(object));
    expect(cluster.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod))).toContain('created');
    const script = pod?.spec?.containers[0]?.args[0]?.replace('/opt/pgusher/bin/', `${join(root, 'bin')}/`) ?? '';
    const tested = (): Promise<CommandResult> =>
      tryCommand('sh', ['-c', script], { environment: { KUBECONFIG: accountKubeconfig(cluster, 'pgusher-test') } });

    expect(await tested()).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('no StatefulSet was sent') as string,
    });
    for (const object of objects.filter(({ kind }) => kind.startsWith('Role'))) {
      cluster.kubectl(['apply', '-f', '-'], JSON.stringify(object));
    }
    await until('the right to be known', 30_000, () => {
      const asked = [
        'auth',
        'can-i',
        'create',
        'statefulsets.apps',
        '--as=system:serviceaccount:pgusher-system:pgusher-test',
      ];
      return cluster.tryKubectl(asked).status === 0;
    });
    expect(await tested()).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('cannot ask the webhook') as string,
    });
    const balancer = await startBalancer(cluster);
    const replica = await startReplica(accountKubeconfig(cluster));
    try {
      await until('a replica to be ready', 60_000, async () => (await replica.readiness()) === 'ok\n');
      balancer.add(replica.port);
      const answer = await until('the apiserver to call it', 30_000, async () => (await tested()).status === 0).then(
        tested,
      );
      expect(answer).toMatchObject({ status: 0, stdout: expect.stringContaining('comes back injected') as string });
    } finally {
      await replica.kill();
      balancer.close();
    }
  });

  test('an upgrade leaves the caBundles and the authority, and so does a way back', async () => {
    const written = await writtenByTheWebhook();
    expect(written.authorities).toContain('authorities.json');
    expect(bundles()).toEqual(Array(6).fill(written.bundle));
    helm('upgrade', 'pgusher', chart, '--set=replicas=3,namespaces.excluded={playground},timeoutSeconds=7');
    expect(webhooks()[0]).toMatchObject({ timeoutSeconds: 7 });
    expect(JSON.stringify(webhooks()[0]?.namespaceSelector)).toContain('playground');
    expect({ bundles: bundles(), authorities: authorities() }).toEqual({
      bundles: Array(6).fill(written.bundle),
      authorities: written.authorities,
    });
    helm('rollback', 'pgusher', '1');
    expect(JSON.stringify(webhooks()[0]?.namespaceSelector)).not.toContain('playground');
    expect({ bundles: bundles(), authorities: authorities() }).toEqual({
      bundles: Array(6).fill(written.bundle),
      authorities: written.authorities,
    });
  });

  test('a chart that has one webhook less takes it out', () => {
    const other = join(cluster.directory, 'chart');
    cpSync(chart, other, { recursive: true });
    const file = join(other, 'templates', 'validating-webhook.yaml');
    const text = readFileSync(file, 'utf8');
    const start = text.indexOf('  - name: claims.pgusher.postgres.io');
    expect(start).toBeGreaterThan(0);
    writeFileSync(file, text.slice(0, start));
    helm('upgrade', 'pgusher', other);
    expect(webhooks().map(({ name }) => name)).not.toContain('claims.pgusher.postgres.io');
    helm('upgrade', 'pgusher', chart);
    expect(webhooks().map(({ name }) => name)).toContain('claims.pgusher.postgres.io');
  });

  test('removed, nothing is left that blocks: labelled sets are stored, and no object of it is there', () => {
    helm('uninstall', 'pgusher');
    expect(cluster.kubectl(['create', '--dry-run=server', '-f', '-'], ordersManifest())).toContain('created');
    const left = cluster.kubectl([
      'get',
      [
        ...kinds,
        'validatingadmissionpolicies,validatingadmissionpolicybindings,clusterroles,clusterrolebindings',
      ].join(),
      '-o',
      'name',
    ]);
    expect(left).not.toContain('pgusher');
  });
});
