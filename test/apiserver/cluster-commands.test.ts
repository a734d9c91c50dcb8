import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createAuthority } from '../../src/certificates/authority.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { install } from '../../src/commands/install.ts';
import { list } from '../../src/commands/list.ts';
import { logs } from '../../src/commands/logs.ts';
import { promote } from '../../src/commands/promote.ts';
import { version } from '../../src/version.ts';
import { saidTerminal } from '../commands/support/said.ts';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until } from './support/control-plane.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { startLogNode } from './support/log-node.ts';
import { startRegisteredWebhook } from './support/registered-webhook.ts';
import type { RegisteredWebhook } from './support/registered-webhook.ts';
import { ordersManifest } from './support/stateful-set.ts';

const manifests = join(import.meta.dirname, '..', '..', 'manifests', 'base');
const day = 24 * 3_600_000;

describe.skipIf(missingTools('go'))('doctor, list and logs at a real kube-apiserver', () => {
  let cluster: ControlPlane;
  let webhook: RegisteredWebhook;

  beforeAll(async () => {
    cluster = await startControlPlane();
    const files = ['namespace', 'service-account', 'roles', 'deployment', 'service'];
    cluster.kubectl(['apply', ...files.flatMap((file) => ['-f', join(manifests, `${file}.yaml`)])]);
    webhook = await startRegisteredWebhook(cluster);
    await webhook.register();
  });
  afterAll(async () => {
    // Whatever did not start is undefined.
    await (webhook as RegisteredWebhook | undefined)?.remove();
    await (cluster as ControlPlane | undefined)?.stop();
  });

  /** Its lines without what is ok, one space between the columns, and its exit code. */
  async function troubles(
    kubeconfig = cluster.kubeconfig,
  ): Promise<{ readonly code: number; readonly lines: string[] }> {
    const { code, lines } = await told(kubeconfig);
    return { code, lines: lines.filter((line) => !line.startsWith('ok ')) };
  }

  async function told(kubeconfig = cluster.kubeconfig): Promise<{ readonly code: number; readonly lines: string[] }> {
    const said = saidTerminal();
    const installation = { webhookNamespace: 'pgusher-system', webhookName: 'pgusher' };
    const code = await doctor({ kubeconfig, namespace: 'default', json: false, ...installation }, said.terminal);
    const lines = said.out.trimEnd().split('\n');
    // The port, and the words of a system, are other ones each time.
    return { code, lines: lines.map((line) => line.replaceAll(/ {2,}/g, ' ').replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')) };
  }

  /** A kubeconfig for somebody who may do what the rules of the role say, and nothing else. */
  function person(name: string, ...rules: readonly (readonly string[])[]): string {
    cluster.kubectl(['create', 'serviceaccount', name]);
    for (const [index, rule] of rules.entries()) {
      cluster.kubectl(['create', 'role', `${name}-${String(index)}`, ...rule]);
      const subject = [`--role=${name}-${String(index)}`, `--serviceaccount=default:${name}`];
      cluster.kubectl(['create', 'rolebinding', `${name}-${String(index)}`, ...subject]);
    }
    const token = cluster.kubectl(['create', 'token', name]).trim();
    const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as object;
    const file = join(cluster.directory, `${name}.kubeconfig`);
    writeFileSync(file, JSON.stringify({ ...config, users: [{ name: 'admin', user: { token } }] }));
    return file;
  }

  test('a healthy cluster: all is well', async () => {
    const { code, lines } = await told();
    expect(lines).toEqual([
      expect.stringMatching(/^ok kubernetes-version Kubernetes v1\.\d+\./),
      "ok clock this machine's clock and the apiserver's agree",
      'ok configurations mutatingwebhookconfiguration zz-pgusher is there',
      'ok configurations validatingwebhookconfiguration zz-pgusher is there',
      'ok bundles all 6 webhooks have the same authority, which is valid',
      'ok service the webhook is asked at https://HOST/mutate, without a Service',
      'ok certificate the certificate of HOST is good for 89 days',
      'ok dry-run a labelled StatefulSet in namespace default comes back injected (dry run)',
      'ok dry-run an unsafe StatefulSet is refused (dry run)',
      'ok webhook-rights account pgusher-system/pgusher may read what the checks look up',
      'ok your-rights you may do in namespace default what the commands of pgusher need',
      `ok versions webhook and command line are both ${version}`,
      'ok sets no StatefulSet has the label postgres.io/managed: "true" yet',
      'all is well',
    ]);
    expect(code).toBe(0);
    expect(cluster.kubectl(['get', 'statefulsets', '-A'])).toBe('');
  });

  test('a right of the account that was taken away', async () => {
    cluster.kubectl(['delete', 'clusterrolebinding', 'pgusher']);
    const { code, lines } = await troubles();
    cluster.kubectl(['apply', '-f', join(manifests, 'roles.yaml')]);
    expect(lines).toContain(
      'warning webhook-rights account pgusher-system/pgusher may not list limitranges: what needs them is left out of the checks, with a warning; wanted the ClusterRole of the manifests, and its binding: kubectl apply -k manifests',
    );
    expect(lines).toHaveLength(21);
    expect(code).toBe(0);
  });

  test('a person without rights: each is named', async () => {
    const { code, lines } = await troubles(person('nobody'));
    expect(lines).toEqual([
      'warning configurations the mutatingwebhookconfiguration cannot be seen; wanted the right to: kubectl auth can-i list mutatingwebhookconfigurations',
      'warning configurations the validatingwebhookconfiguration cannot be seen; wanted the right to: kubectl auth can-i list validatingwebhookconfigurations',
      'warning service Service pgusher-system/pgusher cannot be seen; wanted the right to: kubectl auth can-i get services -n pgusher-system',
      'warning endpoints the endpoints of Service pgusher-system/pgusher cannot be seen; wanted the right to: kubectl auth can-i list endpointslices.discovery.k8s.io -n pgusher-system',
      'warning dry-run no StatefulSet was sent to try the webhook; wanted a namespace where you may (-n), or the right to: kubectl auth can-i create statefulsets.apps -n default',
      'warning webhook-rights the rights of account pgusher-system/pgusher cannot be seen; wanted the right to: kubectl auth can-i create subjectaccessreviews.authorization.k8s.io',
      ...[
        ['list statefulsets.apps', 'pgusher status'],
        ['get pods --subresource=proxy', 'pgusher status'],
        ['list pods', 'pgusher list, backup now, logs, promote and rebuild'],
        ['get pods --subresource=exec', 'pgusher list, backup now, promote and rebuild'],
        ['create pods --subresource=exec', 'pgusher list, backup now, promote and rebuild'],
        ['get pods --subresource=log', 'pgusher logs'],
      ].map(
        ([right = '', needs = '']) =>
          `warning your-rights you may not ${right} in namespace default: ${needs} will not work; wanted that right, if you need them: kubectl auth can-i ${right} -n default`,
      ),
      'warning versions Deployment pgusher-system/pgusher cannot be seen; wanted the right to: kubectl auth can-i get deployments.apps -n pgusher-system',
      'warning sets the managed sets cannot be seen; wanted the right to: kubectl auth can-i list statefulsets.apps -n default',
      '0 faults, 14 warnings',
    ]);
    expect(code).toBe(0);
  });

  test('list, logs and promote name what a person lacks, and logs are those of the node', async () => {
    // The controller of accounts does not run here, and no pod is made without it.
    cluster.kubectl(['create', 'serviceaccount', 'default']);
    cluster.kubectl(['apply', '-f', '-'], ordersManifest());
    await until('the pod', 60_000, () => cluster.tryKubectl(['get', 'pod', 'orders-0']).status === 0);
    cluster.kubectl(['patch', 'pod', 'orders-0', '--subresource=status', '--type=merge', '-p', running]);
    const kubeconfig = person('reader', ['--verb=get,list', '--resource=statefulsets.apps,pods']);
    const options = { kubeconfig, namespace: 'default', json: false, follow: false };
    await expect(list('orders', undefined, options, saidTerminal().terminal)).rejects.toThrow(
      "you may not run the agent's commands in orders-0; wanted the rights that `kubectl auth can-i get pods --subresource=exec` and `kubectl auth can-i create pods --subresource=exec` ask about",
    );
    await expect(logs('orders', undefined, options, saidTerminal().terminal)).rejects.toThrow(
      'the cluster does not let you: wanted the right that `kubectl auth can-i get pods --subresource=log -n default` asks about',
    );
    await expect(list('order', undefined, options, saidTerminal().terminal)).rejects.toThrow(
      'there is no StatefulSet "order" in namespace default; did you mean orders?',
    );
    const said = saidTerminal();
    const asked = { ...options, dryRun: true, fence: false };
    expect(await promote('orders', undefined, asked, said.terminal)).toBe(1);
    expect(said.report).toMatch(
      /^not done: configmaps "orders-pgusher" is forbidden: User "system:serviceaccount:default:reader" cannot get resource "configmaps" .*\. Run the same command again to go on\n$/,
    );
    await expect(promote('order', undefined, asked, saidTerminal().terminal)).rejects.toThrow('did you mean orders?');

    const node = await startLogNode(cluster, 'loopback');
    try {
      node.take('orders-0');
      node.logs.set('pgusher-backup', '2026-11-30T10:00:02.000000002Z streaming\n');
      node.logs.set('postgres', '2026-11-30T10:00:02.000000001Z ready\n');
      cluster.kubectl(['create', 'role', 'logs', '--verb=get', '--resource=pods/log']);
      cluster.kubectl(['create', 'rolebinding', 'logs', '--role=logs', '--serviceaccount=default:reader']);
      const shown = saidTerminal();
      expect(await logs('orders', undefined, { ...options, since: 600 }, shown.terminal)).toBe(0);
      expect(shown).toMatchObject({
        out: 'orders-0/postgres       | ready\norders-0/pgusher-backup | streaming\n',
        report: '',
      });
      expect(node.asked.toSorted()).toEqual(
        ['pgusher-backup', 'postgres'].map(
          (container) => `/containerLogs/default/orders-0/${container}?sinceSeconds=600&timestamps=true`,
        ),
      );
    } finally {
      node.stop();
      cluster.kubectl(['delete', 'statefulset', 'orders']);
    }
  });

  test('a caBundle of another authority', async () => {
    await webhook.register({ authority: createAuthority('somebody else', { now: new Date(), days: 1 }).certificate });
    const { code, lines } = await troubles();
    expect(lines).toEqual([
      'fault certificate the caBundle does not verify the certificate of HOST (UNABLE_TO_VERIFY_LEAF_SIGNATURE); wanted the authority that signed it in the caBundle, and the name that is asked in the certificate: docs/install.md: pgusher certificates',
      expect.stringMatching(
        /^fault dry-run the apiserver cannot ask the webhook: .*failed calling webhook "mutate\.pgusher\.postgres\.io".*x509.*; wanted a certificate that the caBundle verifies: docs\/install\.md: kubectl/,
      ),
      '2 faults, 0 warnings',
    ]);
    expect(code).toBe(1);
  });

  test('a caBundle that one of the webhooks lost', async () => {
    await webhook.register();
    const path = '/webhooks/2/clientConfig/caBundle';
    const bundle = Buffer.from(createAuthority('old', { now: new Date(), days: 1 }).certificate).toString('base64');
    const patch = JSON.stringify([{ op: 'replace', path, value: bundle }]);
    cluster.kubectl(['patch', 'validatingwebhookconfiguration', 'zz-pgusher', '--type=json', '-p', patch]);
    const { code, lines } = await troubles();
    expect(lines).toEqual([
      'fault bundles the caBundle of scale.pgusher.postgres.io in zz-pgusher is another than that of mutate.pgusher.postgres.io in zz-pgusher; wanted the authority that signed the certificate of the webhook. Who writes it, and what is there: pgusher certificates',
      '1 fault, 0 warnings',
    ]);
    expect(code).toBe(1);
  });

  test('a certificate that is about to end', async () => {
    const old = await startRegisteredWebhook(cluster, { certified: new Date(Date.now() - 86 * day) });
    await old.register();
    const { code, lines } = await troubles();
    await old.remove();
    expect(lines).toEqual([
      'warning certificate the certificate of HOST is good for 3 days; wanted it renewed before: what renews it has not: pgusher certificates',
      '0 faults, 1 warning',
    ]);
    expect(code).toBe(0);
  });

  test('a webhook that does not answer', async () => {
    await webhook.stop();
    await webhook.register();
    const { code, lines } = await troubles();
    expect(lines).toEqual([
      'warning certificate the certificate of HOST cannot be seen: connect ECONNREFUSED HOST',
      expect.stringMatching(
        /^fault dry-run the apiserver cannot ask the webhook: .*connection refused; wanted a webhook that runs and can be reached from the control plane: kubectl -n pgusher-system get pods,endpointslices; kubectl -n pgusher-system logs deployment\/pgusher$/,
      ),
      '1 fault, 1 warning',
    ]);
    expect(code).toBe(1);
  });

  test('configurations that are gone, and those of the manifests without endpoints and caBundle', async () => {
    webhook.unregister();
    const gone = await troubles();
    expect(gone.lines).toEqual([
      'fault configurations no mutatingwebhookconfiguration has the webhook mutate.pgusher.postgres.io: the apiserver does not ask pgusher; wanted it applied again, as docs/install.md says: kubectl apply -k manifests',
      'fault configurations no validatingwebhookconfiguration has the webhook validate.pgusher.postgres.io: the apiserver does not ask pgusher; wanted it applied again, as docs/install.md says: kubectl apply -k manifests',
      'fault endpoints no pod behind Service pgusher-system/pgusher is Ready (0 are not): labelled sets can be neither created nor changed; wanted one at least. Why they are not: kubectl -n pgusher-system describe deployment pgusher; kubectl -n pgusher-system logs deployment/pgusher',
      'fault dry-run a labelled StatefulSet in namespace default comes back without anything of pgusher (dry run); wanted its containers: no configuration matches this namespace, or the webhook does not answer and fails open: kubectl get mutatingwebhookconfiguration zz-pgusher -o yaml',
      'fault dry-run a StatefulSet whose data lies in an emptyDir would be stored in namespace default (dry run); wanted it refused, by check pgdata-emptydir: the cluster configuration, or an annotation of the namespace, lets it through: kubectl get namespace default -o yaml',
      '5 faults, 0 warnings',
    ]);
    expect(gone.code).toBe(1);

    for (const file of ['mutating', 'validating'])
      cluster.kubectl(['apply', '-f', join(manifests, `${file}-webhook.yaml`)]);
    const { lines } = await troubles();
    const [wanted] = lines.map((line) => line.split('; wanted')[1] ?? '');
    expect(lines.map((line) => line.replace(/; wanted.*|(webhook:) .*/, '$1'))).toEqual([
      ...['mutate', 'validate', 'kinds', 'scale', 'delete', 'claims'].map(
        (name) => `fault bundles ${name}.pgusher.postgres.io in zz-pgusher has no caBundle`,
      ),
      'fault endpoints no pod behind Service pgusher-system/pgusher is Ready (0 are not): labelled sets can be neither created nor changed',
      'fault dry-run the apiserver cannot ask the webhook:',
      '8 faults, 0 warnings',
    ]);
    expect(wanted).toContain('Who writes it, and what is there: pgusher certificates');
  });

  test('what `pgusher install` prints is what `kubectl apply -k manifests` applies, and the apiserver takes it', async () => {
    const said = saidTerminal();
    expect(await install({ failOpen: false, notIn: [], certificates: 'built-in', with: [] }, said.terminal)).toBe(0);
    const objectsIn = (text: string): object[] =>
      parseAllDocuments(text).map((document) => {
        const { metadata, ...rest } = document.toJS() as { readonly metadata: object };
        // kustomize writes its namespace onto a ValidatingAdmissionPolicy and its binding, which have none; kubectl takes it off again.
        return { ...rest, metadata: { ...metadata, namespace: 'whatever' } };
      });
    const kustomized = objectsIn(cluster.kubectl(['kustomize', join(manifests, '..')]));
    const byName = (all: object[]): Map<string, object> =>
      new Map(all.map((one) => [nameOf(one as { kind: string; metadata: { name: string } }), one]));
    expect(byName(objectsIn(said.out))).toEqual(byName(kustomized));
    const applied = cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], said.out).trim().split('\n');
    expect(applied).toHaveLength(kustomized.length);
  });
});

/** As a kubelet would say it. */
const running = JSON.stringify({
  status: {
    initContainerStatuses: [
      { name: 'pgusher-backup', image: '', imageID: '', ready: true, restartCount: 0, state: { running: {} } },
    ],
    containerStatuses: [
      { name: 'postgres', image: '', imageID: '', ready: true, restartCount: 0, state: { running: {} } },
    ],
  },
});

const nameOf = ({ kind, metadata }: { readonly kind: string; readonly metadata: { readonly name: string } }): string =>
  `${kind}/${metadata.name}`;
