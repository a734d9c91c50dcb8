import { afterEach, beforeEach, expect, test } from 'vitest';
import { list } from '../../src/commands/list.ts';
import { meant } from '../../src/commands/open-set.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { startKubernetesApi } from '../cluster/kubernetes-api.ts';
import type { KubernetesApi } from '../cluster/kubernetes-api.ts';
import { runPgusher } from './support/run-pgusher.ts';
import { saidTerminal } from './support/said.ts';

let api: KubernetesApi;
beforeEach(async () => {
  api = await startKubernetesApi();
});
afterEach(() => {
  api.close();
});

const sets = '/apis/apps/v1/namespaces/shop/statefulsets';

async function listed(set: string): Promise<number> {
  const options = { kubeconfig: api.kubeconfig, namespace: 'shop', json: false };
  return list(set, undefined, options, saidTerminal().terminal);
}

test('a set that is not there: did you mean', async () => {
  api.pages.set(`${sets}/order`, { code: 404, text: '{"kind":"Status"}' });
  api.objects.set('/apis/apps/v1/statefulsets', [{ metadata: { namespace: 'shop', name: 'orders' } }]);
  await expect(listed('order')).rejects.toThrow(
    'there is no StatefulSet "order" in namespace shop; did you mean orders?',
  );
});

test('what else is there', () => {
  const others = [
    { namespace: 'shop', name: 'orders' },
    { namespace: 'shop', name: 'invoices' },
    { namespace: 'lab', name: 'tests' },
  ];
  const said = (name: string): string => meant({ namespace: 'shop', name }, others);
  expect(said('orders-0')).toBe('; orders-0 is a pod of the set orders: write orders, or orders orders-0');
  expect(said('tests')).toBe('; there is one elsewhere: -n lab');
  expect(said('something')).toBe('; managed are orders, invoices');
  expect(meant({ namespace: 'shop', name: 'orders' }, [])).toBe('');
});

test('a set that is not managed, or has nothing of pgusher in it', async () => {
  const set = (labels: JsonObject): string =>
    JSON.stringify({ metadata: { namespace: 'shop', name: 'orders', labels }, spec: { template: { spec: {} } } });
  api.pages.set(`${sets}/orders`, { code: 200, text: set({}) });
  await expect(listed('orders')).rejects.toThrow(
    'StatefulSet shop/orders is not managed; wanted one with the label postgres.io/managed: "true"',
  );
  api.pages.set(`${sets}/orders`, { code: 200, text: set({ 'postgres.io/managed': 'true' }) });
  await expect(listed('orders')).rejects.toThrow(
    'nothing of pgusher runs in shop/orders; wanted one that was admitted: apply it again, and `pgusher status orders -n shop` says what is missing',
  );
});

test('rights that are missing, a context that is not there and a cluster that is away: exit code 2', async () => {
  api.broken.set(`${sets}/orders`, 403);
  await expect(listed('orders')).rejects.toThrow(
    'the cluster does not let you: wanted the right that `kubectl auth can-i get statefulsets.apps/orders -n shop` asks about',
  );
  const wrong = runPgusher(['logs', 'orders', '--kubeconfig', api.kubeconfig, '--context', 'prod']);
  expect(wrong).toEqual({ status: 2, stdout: '', stderr: 'the kubeconfig has no context "prod"; wanted one of x\n' });
  const gone = runPgusher(['backup', 'now', 'orders', '--kubeconfig', '/nowhere/kubeconfig']);
  expect(gone.status).toBe(2);
  expect(gone.stderr).toContain('the kubeconfig cannot be read: ENOENT');
});
