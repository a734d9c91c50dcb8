import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { watchNamespaces } from '../../src/cluster/namespaces.ts';
import type { NamespaceWatch } from '../../src/cluster/namespaces.ts';

/** Speaks the list and the watch of the Kubernetes API for namespaces, over plain HTTP. */
interface Api {
  readonly server: Server;
  readonly kubeconfig: string;
  /** While it is true, every answer is 500. */
  isBroken: boolean;
  send(type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, annotations: Readonly<Record<string, string>>): void;
  watches(): number;
}

const directories: string[] = [];
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function namespace(name: string, annotations: Readonly<Record<string, string>>, resourceVersion: string): unknown {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations, resourceVersion } };
}

async function startApi(): Promise<Api> {
  const open = new Set<ServerResponse>();
  let version = 1;
  const server = createServer((request, response) => {
    if (api.isBroken) {
      response.writeHead(500).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    if (new URL(request.url ?? '', 'http://localhost').searchParams.get('watch') !== 'true') {
      const shop = namespace('shop', { 'postgres.io/backup-keep': '30', 'example.com/owner': 'team' }, '1');
      response.end(
        JSON.stringify({ apiVersion: 'v1', kind: 'NamespaceList', metadata: { resourceVersion: '1' }, items: [shop] }),
      );
      return;
    }
    response.flushHeaders();
    open.add(response);
    response.on('close', () => open.delete(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-namespaces-'));
  directories.push(directory);
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      // The client speaks plain HTTP only where TLS need not be verified.
      clusters: [
        { name: 'c', cluster: { server: `http://127.0.0.1:${String(port)}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  const api: Api = {
    server,
    kubeconfig,
    isBroken: false,
    send: (type, name, annotations) => {
      version += 1;
      for (const response of open) {
        response.write(`${JSON.stringify({ type, object: namespace(name, annotations, String(version)) })}\n`);
      }
    },
    watches: () => open.size,
  };
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return api;
}

function watch(api: Api, problems: string[] = []): NamespaceWatch {
  const watched = watchNamespaces({
    kubeconfig: api.kubeconfig,
    onError: (message) => void problems.push(message),
    retry: 50,
  });
  stops.unshift(() => void watched.stop());
  return watched;
}

test('what is listed and what changes later is known, of our annotations only', async () => {
  const api = await startApi();
  const watched = watch(api);
  expect(watched.synced()).toBe(false);
  await vi.waitFor(() => {
    expect(watched.annotations('shop')).toEqual({ 'postgres.io/backup-keep': '30' });
    expect(api.watches()).toBe(1);
  }, 60_000);
  expect(watched.synced()).toBe(true);
  expect(watched.annotations('elsewhere')).toBeUndefined();

  api.send('MODIFIED', 'shop', { 'postgres.io/backup-keep': '7' });
  api.send('ADDED', 'bank', {});
  await vi.waitFor(() => {
    expect(watched.annotations('shop')).toEqual({ 'postgres.io/backup-keep': '7' });
    expect(watched.annotations('bank')).toEqual({});
  }, 60_000);

  api.send('DELETED', 'shop', {});
  await vi.waitFor(() => {
    expect(watched.annotations('shop')).toBeUndefined();
  }, 60_000);
});

test('an API that fails at first is told of and asked again', async () => {
  const api = await startApi();
  api.isBroken = true;
  const problems: string[] = [];
  const watched = watch(api, problems);
  await vi.waitFor(() => {
    expect(problems.length).toBeGreaterThan(1);
  }, 60_000);
  expect(watched.synced()).toBe(false);
  api.isBroken = false;
  await vi.waitFor(() => {
    expect(watched.annotations('shop')).toEqual({ 'postgres.io/backup-keep': '30' });
  }, 60_000);
});
