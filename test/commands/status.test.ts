import { afterEach, expect, test } from 'vitest';
import { newStatus } from '../../src/agent/backup/agent-status.ts';
import { agentReport } from '../../src/agent/http/agent-report.ts';
import { status } from '../../src/commands/status.ts';
import type { StatusOptions } from '../../src/commands/status.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { startKubernetesApi } from '../cluster/kubernetes-api.ts';
import type { KubernetesApi } from '../cluster/kubernetes-api.ts';
import { runPgusher } from './support/run-pgusher.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function cluster(): Promise<KubernetesApi> {
  const api = await startKubernetesApi();
  stops.push(() => {
    api.close();
  });
  return api;
}

function stored(name: string): JsonObject {
  const sidecar = { name: 'pgusher-backup', ports: [{ name: 'pgusher', containerPort: 10_251 }] };
  return {
    metadata: {
      namespace: 'shop',
      name,
      labels: { 'postgres.io/managed': 'true' },
      annotations: { 'postgres.io/injection-version': '0.1.0' },
    },
    spec: { replicas: 1, template: { spec: { initContainers: [sidecar] } } },
    status: { readyReplicas: 1 },
  };
}

const page = (set: string): string => `/api/v1/namespaces/shop/pods/http:${set}-0:10251/proxy/report`;
const at = new Date('2026-11-29T12:00:00Z');

function protectedReport(set: string): string {
  const agent = newStatus({ namespace: 'shop', set, startedAt: at, backupWanted: true });
  agent.server = { kind: 'primary', major: 17, systemId: '7', timeline: 1 };
  agent.store = { ...agent.store, free: 60, total: 100, ours: true };
  agent.restoreRefused = null;
  agent.receiver = { ...agent.receiver, streaming: true, flushedThrough: at };
  const backup = { id: 'b', startedAt: at, finishedAt: at, timeline: 1, storedSize: 1, verified: true };
  agent.backups = { ...agent.backups, complete: [backup] };
  return JSON.stringify(agentReport(agent, at));
}

async function looked(
  { kubeconfig }: KubernetesApi,
  names: readonly string[] = [],
  options: Partial<StatusOptions> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const plain = (_style: string, shown: string): string => shown;
  const code = await status(
    names,
    { kubeconfig, namespace: 'shop', allNamespaces: false, json: false, ...options },
    {
      out: (more) => {
        text += more;
      },
      report: () => undefined,
      outColour: plain,
      reportColour: plain,
    },
  );
  return { code, text };
}

test('a table, and exit code 0 where every set is safe', async () => {
  const api = await cluster();
  api.objects.set('/apis/apps/v1/namespaces/shop/statefulsets', ['a', 'b', 'c'].map(stored));
  for (const set of ['a', 'b', 'c']) api.pages.set(page(set), { code: 200, text: protectedReport(set) });
  const { code, text } = await looked(api);
  expect(code).toBe(0);
  expect(text).toContain('3 sets, all safe\n');
  expect(text).toMatch(
    / {2}shop\/a +yes +1\/1 +a-0 +2026-11-29 12:00Z +2026-11-29 12:00Z +.* ago +0\.0 s +60 % free +0\.1\.0\n/,
  );
});

test('what is wrong with a set, and exit code 1', async () => {
  const api = await cluster();
  api.objects.set('/apis/apps/v1/namespaces/shop/statefulsets', ['a', 'b'].map(stored));
  api.pages.set(page('a'), { code: 200, text: protectedReport('a') });
  api.broken.set(page('b'), 403);
  const { code, text } = await looked(api);
  expect(code).toBe(1);
  expect(text).toContain('2 sets, 1 NOT safe\n');
  expect(text).toContain(
    'shop/b\n  not safe  no pod is known to take writes (b-0: you may not ask it; wanted the right that `kubectl auth can-i get pods --subresource=proxy` asks about)\n',
  );
  expect((await looked(api, ['a'])).code).toBe(0);
});

test('JSON for programs', async () => {
  const api = await cluster();
  api.objects.set('/apis/apps/v1/statefulsets', [stored('a')]);
  api.pages.set(page('a'), { code: 200, text: protectedReport('a') });
  const { text } = await looked(api, [], { allNamespaces: true, json: true });
  expect(JSON.parse(text)).toMatchObject({ version: '0.1.0', sets: [{ namespace: 'shop', name: 'a', safe: true }] });
});

test('a right that is missing, a set that is not there and a cluster that does not answer are one sentence', async () => {
  const api = await cluster();
  await expect(looked(api, ['nowhere'])).rejects.toThrow(
    'no managed StatefulSet "nowhere" in namespace shop; wanted one with the label postgres.io/managed: "true"',
  );
  api.broken.set('/apis/apps/v1/namespaces/shop/statefulsets', 403);
  await expect(looked(api)).rejects.toThrow(
    'the cluster does not let you: wanted the right that `kubectl auth can-i list statefulsets.apps -n shop` asks about',
  );
  const gone = runPgusher(['status', '--kubeconfig', '/nowhere/kubeconfig']);
  expect(gone.status).toBe(2);
  expect(gone.stderr).toContain('the kubeconfig cannot be read: ENOENT');
  const none = runPgusher(['status'], { env: { HOME: '/nowhere' } });
  expect(none).toEqual({
    status: 2,
    stdout: '',
    stderr: 'no cluster is named; wanted KUBECONFIG, --kubeconfig FILE, or ~/.kube/config with a current context\n',
  });
});
