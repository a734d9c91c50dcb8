import { afterEach, expect, test, vi } from 'vitest';
import { watchNamespaces } from '../../src/cluster/namespaces.ts';
import type { NamespaceWatch } from '../../src/cluster/namespaces.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { startKubernetesApi } from './kubernetes-api.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

const path = '/api/v1/namespaces';
const long = 60_000;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function namespace(name: string, annotations: Readonly<Record<string, string>>): JsonObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations, resourceVersion: '2' } };
}

async function startApi(): Promise<KubernetesApi> {
  const api = await startKubernetesApi();
  stops.push(() => {
    api.close();
  });
  api.objects.set(path, [namespace('shop', { 'postgres.io/backup-keep': '30', 'example.com/owner': 'team' })]);
  return api;
}

function watch({ kubeconfig }: KubernetesApi, problems: string[] = []): NamespaceWatch {
  const watched = watchNamespaces({ kubeconfig, onError: (message) => void problems.push(message), retry: 50 });
  stops.unshift(() => {
    watched.stop();
  });
  return watched;
}

test('what is listed and what changes later is known, of our annotations only', async () => {
  const api = await startApi();
  const watched = watch(api);
  expect(watched.synced()).toBe(false);
  await vi.waitFor(() => {
    expect(watched.annotations('shop')).toEqual({ 'postgres.io/backup-keep': '30' });
    expect(api.watches(path)).toBe(1);
  }, long);
  expect(watched.synced()).toBe(true);
  expect(watched.annotations('elsewhere')).toBeUndefined();

  api.send(path, 'MODIFIED', namespace('shop', { 'postgres.io/backup-keep': '7' }));
  api.send(path, 'ADDED', namespace('bank', {}));
  await vi.waitFor(() => {
    expect(watched.annotations('shop')).toEqual({ 'postgres.io/backup-keep': '7' });
    expect(watched.annotations('bank')).toEqual({});
  }, long);

  api.send(path, 'DELETED', namespace('shop', {}));
  await vi.waitFor(() => {
    expect(watched.annotations('shop')).toBeUndefined();
  }, long);
});

test('a namespace that is being deleted is known as such', async () => {
  const api = await startApi();
  const watched = watch(api);
  expect(watched.isEnding('shop')).toBeUndefined();
  await vi.waitFor(() => {
    expect(watched.isEnding('shop')).toBe(false);
    expect(api.watches(path)).toBe(1);
  }, long);
  const metadata = { name: 'shop', resourceVersion: '3', deletionTimestamp: '2026-11-21T12:00:00Z' };
  api.send(path, 'MODIFIED', { apiVersion: 'v1', kind: 'Namespace', metadata, status: { phase: 'Terminating' } });
  await vi.waitFor(() => {
    expect(watched.isEnding('shop')).toBe(true);
  }, long);
});

test('an API that fails at first is told of and asked again', async () => {
  const api = await startApi();
  api.broken.set('', 500);
  const problems: string[] = [];
  const watched = watch(api, problems);
  await vi.waitFor(() => {
    expect(problems.length).toBeGreaterThan(1);
  }, long);
  expect(watched.synced()).toBe(false);
  api.broken.clear();
  await vi.waitFor(() => {
    expect(watched.annotations('shop')).toEqual({ 'postgres.io/backup-keep': '30' });
  }, long);
});

test('a layer of settings does not vanish while the API is away', async () => {
  const api = await startApi();
  const problems: string[] = [];
  const watched = watch(api, problems);
  await vi.waitFor(() => {
    expect(api.watches(path)).toBe(1);
  }, long);
  api.broken.set('', 500);
  api.send(path, 'ERROR', { kind: 'Status', code: 500, message: 'etcd is away' });
  api.hangUp(path);
  await vi.waitFor(() => {
    expect(problems).toContain('etcd is away');
  }, long);
  expect(watched.annotations('shop')).toEqual({ 'postgres.io/backup-keep': '30' });
});
