import { afterEach, expect, test, vi } from 'vitest';
import { watchFacts } from '../../src/cluster/facts.ts';
import type { FactWatch, FactWatchOptions } from '../../src/cluster/facts.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { startKubernetesApi } from './kubernetes-api.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

const sets = '/apis/apps/v1/statefulsets';
const claims = '/api/v1/persistentvolumeclaims';
const long = 60_000;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function startApi(): Promise<KubernetesApi> {
  const api = await startKubernetesApi();
  stops.push(() => {
    api.close();
  });
  return api;
}

function watch({ kubeconfig }: KubernetesApi, options: Partial<FactWatchOptions> = {}): FactWatch {
  const watched = watchFacts({ kubeconfig, onError: () => undefined, retry: 50, ...options });
  stops.unshift(() => {
    watched.stop();
  });
  return watched;
}

function set(labels: Readonly<Record<string, string>>): JsonObject {
  return { metadata: { namespace: 'shop', name: 'orders', labels }, spec: {} };
}

function claim(name: string, accessMode: string): JsonObject {
  return { metadata: { namespace: 'shop', name, resourceVersion: '2' }, spec: { accessModes: [accessMode] } };
}

const fact = (name: string, accessMode: string) => ({
  kind: 'present',
  fact: { name, accessModes: [accessMode], storageClass: undefined },
});

test('a cluster without a managed set is asked for its sets alone, until somebody looks', async () => {
  const api = await startApi();
  api.objects.set(sets, [set({})]);
  const watched = watch(api);
  await vi.waitFor(() => {
    expect(watched.states().get('statefulSets')).toBe('synced');
    expect(api.watches(sets)).toBe(1);
  }, long);
  // Scaling asks for the set, managed or not.
  expect(watched.facts.statefulSets.find('shop', 'orders')).toMatchObject({ fact: { managed: undefined } });
  expect(watched.states().get('claims')).toBe('idle');
  expect(new Set(api.asked)).toEqual(new Set([`list ${sets}`, `watch ${sets}`]));

  expect(watched.facts.claims.find('shop', 'data')).toEqual({ kind: 'unknown', why: 'not-synced' });
  await vi.waitFor(() => {
    expect(watched.facts.claims.find('shop', 'data')).toEqual({ kind: 'absent' });
    expect([...watched.states().values()]).toEqual(Array(9).fill('synced'));
  }, long);
});

test('a managed set starts the other watches; Secrets are not asked for', async () => {
  const api = await startApi();
  api.objects.set(sets, [set({ 'postgres.io/managed': 'true' })]);
  const watched = watch(api);
  await vi.waitFor(() => {
    expect(watched.states().get('autoscalers')).toBe('synced');
  }, long);
  expect(watched.facts.secrets.find('shop', 'orders')).toEqual({ kind: 'unknown', why: 'not-asked' });
  expect(api.asked.filter((request) => request.includes('secrets'))).toEqual([]);
});

test('names of Secrets are looked for while it is wanted, as metadata alone', async () => {
  const secrets = '/api/v1/secrets';
  const metadata = (name: string) => ({ metadata: { namespace: 'shop', name, resourceVersion: '2' } });
  const api = await startApi();
  api.objects.set(sets, [set({ 'postgres.io/managed': 'true' })]);
  api.objects.set(secrets, [metadata('orders')]);
  const watched = watch(api);
  watched.lookForSecrets(true);
  const { facts } = watched;
  const named = (name: string) => ({ kind: 'present', fact: { name, keys: undefined, userNames: {} } });
  await vi.waitFor(() => {
    expect(facts.secrets.find('shop', 'orders')).toEqual(named('orders'));
    expect(api.watches(secrets)).toBe(1);
  }, long);
  expect(api.accepted.get(secrets)).toBe('application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io');
  expect(api.accepted.get(`watch ${secrets}`)).toBe('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io');
  api.send(secrets, 'ADDED', metadata('late'));
  await vi.waitFor(() => {
    expect(facts.secrets.find('shop', 'late')).toEqual(named('late'));
  }, long);

  watched.lookForSecrets(false);
  expect(facts.secrets.find('shop', 'orders')).toEqual({ kind: 'unknown', why: 'not-asked' });
  expect(watched.states().has('secrets')).toBe(false);
  await vi.waitFor(() => {
    expect(api.watches(secrets)).toBe(0);
  }, long);
  watched.lookForSecrets(true);
  await vi.waitFor(() => {
    expect(facts.secrets.find('shop', 'orders')).toEqual(named('orders'));
  }, long);
});

test('names of Secrets that may not be listed are a gap, and the others are known', async () => {
  const api = await startApi();
  api.broken.set('/api/v1/secrets', 403);
  const watched = watch(api);
  watched.lookForSecrets(true);
  expect(watched.states().get('secrets')).toBe('idle');
  expect(watched.facts.claims.gap).toBe('not-synced');
  await vi.waitFor(() => {
    expect(watched.facts.secrets.gap).toBe('forbidden');
    expect(watched.facts.claims.gap).toBeUndefined();
  }, long);
});

test('pages, changes and removals are known, and count as changes of their namespace', async () => {
  const api = await startApi();
  api.objects.set(claims, [claim('a', 'ReadWriteOnce'), claim('b', 'ReadWriteOnce'), claim('c', 'ReadWriteMany')]);
  const { facts } = watch(api);
  await vi.waitFor(() => {
    expect(facts.claims.find('shop', 'c')).toEqual(fact('c', 'ReadWriteMany'));
    expect(api.watches(claims)).toBe(1);
  }, long);
  expect(facts.claims.within('shop').map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  expect(facts.claims.within('bank')).toEqual([]);

  const [shop, bank] = [facts.claims.revision('shop'), facts.claims.revision('bank')];
  api.send(claims, 'MODIFIED', { ...claim('a', 'ReadWriteOnce'), status: { phase: 'Bound' } });
  api.send(claims, 'MODIFIED', claim('c', 'ReadWriteOncePod'));
  api.send(claims, 'DELETED', claim('b', 'ReadWriteOnce'));
  await vi.waitFor(() => {
    expect(facts.claims.find('shop', 'c')).toEqual(fact('c', 'ReadWriteOncePod'));
    expect(facts.claims.find('shop', 'b')).toEqual({ kind: 'absent' });
  }, long);
  expect(facts.claims.revision('shop')).toBe(shop + 2);
  expect(facts.claims.revision('bank')).toBe(bank);
});

test('what may not be listed is unknown, told once for each try, and known as soon as it may', async () => {
  const api = await startApi();
  api.broken.set(claims, 403);
  const problems: string[] = [];
  const watched = watch(api, { onError: (kind, message) => void problems.push(`${kind}: ${message}`) });
  const { facts } = watched;
  expect(facts.claims.find('shop', 'a').kind).toBe('unknown');
  await vi.waitFor(() => {
    expect(facts.claims.find('shop', 'a')).toEqual({ kind: 'unknown', why: 'forbidden' });
  }, long);
  expect(problems[0]).toContain(`claims: HTTP 403 for ${claims}`);
  api.broken.clear();
  await vi.waitFor(() => {
    expect(facts.claims.find('shop', 'a')).toEqual({ kind: 'absent' });
  }, long);
  expect(watched.states().get('claims')).toBe('synced');
});

test('while a watch is broken nothing of before is believed', async () => {
  const api = await startApi();
  api.objects.set(claims, [claim('a', 'ReadWriteOnce')]);
  const { facts } = watch(api);
  await vi.waitFor(() => {
    expect(facts.claims.find('shop', 'a').kind).toBe('present');
    expect(api.watches(claims)).toBe(1);
  }, long);
  api.broken.set(claims, 500);
  api.hangUp(claims);
  await vi.waitFor(() => {
    expect(facts.claims.find('shop', 'a')).toEqual({ kind: 'unknown', why: 'not-synced' });
  }, long);
});

test('a version that the API has forgotten is no failure: everything is listed again', async () => {
  const api = await startApi();
  const problems: string[] = [];
  const { facts } = watch(api, { onError: (_kind, message) => void problems.push(message) });
  expect(facts.claims.gap).toBe('not-synced');
  await vi.waitFor(() => {
    expect(api.watches(claims)).toBe(1);
  }, long);
  api.objects.set(claims, [claim('late', 'ReadWriteOnce')]);
  api.send(claims, 'ERROR', { kind: 'Status', code: 410, message: 'too old resource version' });
  api.hangUp(claims);
  await vi.waitFor(() => {
    expect(facts.claims.find('shop', 'late').kind).toBe('present');
  }, long);
  expect(problems).toEqual([]);
});

test('everything is listed again after a while, whatever the watch said', async () => {
  const api = await startApi();
  const { facts } = watch(api, { resync: 1 });
  expect(facts.claims.gap).toBe('not-synced');
  await vi.waitFor(() => {
    expect(api.watches(claims)).toBe(1);
  }, long);
  api.objects.set(claims, [claim('missed', 'ReadWriteOnce')]);
  api.hangUp(claims);
  await vi.waitFor(() => {
    expect(facts.claims.find('shop', 'missed').kind).toBe('present');
  }, long);
});

test('what may be listed and not watched is asked for ever less often', async () => {
  const api = await startApi();
  api.broken.set(`watch ${claims}`, 403);
  const { facts } = watch(api);
  expect(facts.claims.gap).toBe('not-synced');
  await vi.waitFor(() => {
    expect(api.asked).toContain(`watch ${claims}`);
  }, long);
  // Pauses of 50, 100, 200, 400 ms; without growing there would be some fifteen of 50.
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(api.asked.filter((request) => request === `list ${claims}`).length).toBeLessThan(7);
  expect(facts.claims.gap).toBe('forbidden');
});

test('a review that is still under way after the end starts nothing', async () => {
  const api = await startApi();
  const watched = watch(api);
  watched.stop();
  expect(watched.facts.claims.find('shop', 'a')).toEqual({ kind: 'unknown', why: 'not-synced' });
  expect(watched.states().get('claims')).toBe('idle');
});
