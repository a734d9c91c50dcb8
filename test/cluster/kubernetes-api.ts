import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/workload/json.ts';
import { answerExec } from './exec-endpoint.ts';
import type { RunInPod } from './exec-endpoint.ts';

/** Speaks list and watch of the Kubernetes API over plain HTTP, with pages of two objects. */
export interface KubernetesApi {
  readonly kubeconfig: string;
  /** What a list at a path answers, such as `/api/v1/namespaces`; nothing there is an empty list. */
  readonly objects: Map<string, readonly JsonObject[]>;
  /** What answers with another status than 200: a path, `watch` and a path, or `''` for everything. */
  readonly broken: Map<string, number>;
  /** Requests so far, the query of a watch left out: `list /api/v1/namespaces`. */
  readonly asked: string[];
  /** What a path, with its query or without, answers that is no list: a page of a pod, through the proxy. */
  readonly pages: Map<string, { readonly code: number; readonly text: string }>;
  /** The `accept` header of the last list at a path, and of the last watch under `watch` and the path. */
  readonly accepted: Map<string, string | undefined>;
  /** What a command in a container does; until it is set, there is no such pod. */
  run: RunInPod;
  /** An event to whoever watches the path. */
  send(path: string, type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR', object: JsonObject): void;
  watches(path: string): number;
  /** Ends the watches of a path, as an apiserver does after some minutes. */
  hangUp(path: string): void;
  close(): void;
}

export async function startKubernetesApi(): Promise<KubernetesApi> {
  const open = new Map<string, Set<ServerResponse>>();
  const watchers = (path: string): Set<ServerResponse> => {
    const found = open.get(path) ?? new Set();
    open.set(path, found);
    return found;
  };
  const server = createServer((request, response) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'http://localhost');
    const isWatch = query.get('watch') === 'true';
    api.asked.push(`${isWatch ? 'watch' : 'list'} ${path}`);
    const status =
      (isWatch ? api.broken.get(`watch ${path}`) : undefined) ?? api.broken.get(path) ?? api.broken.get('') ?? 200;
    if (status !== 200) {
      response.writeHead(status).end('{"kind":"Status","message":"no"}');
      return;
    }
    const page = api.pages.get(request.url ?? '') ?? api.pages.get(path);
    if (page !== undefined) {
      response.writeHead(page.code).end(page.text);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    if (isWatch) {
      api.accepted.set(`watch ${path}`, request.headers.accept);
      response.flushHeaders();
      watchers(path).add(response);
      response.on('close', () => watchers(path).delete(response));
      return;
    }
    api.accepted.set(path, request.headers.accept);
    const all = api.objects.get(path) ?? [];
    const from = Number(query.get('continue') ?? '0');
    const isLast = from + 2 >= all.length;
    const metadata = { resourceVersion: '1', ...(isLast ? {} : { continue: String(from + 2) }) };
    response.end(JSON.stringify({ kind: 'List', metadata, items: all.slice(from, from + 2) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-cluster-'));
  const kubeconfig = join(directory, 'kubeconfig');
  // The client speaks plain HTTP only where TLS need not be verified.
  const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  const api: KubernetesApi = {
    kubeconfig,
    objects: new Map(),
    broken: new Map(),
    asked: [],
    pages: new Map(),
    run: () => 404,
    accepted: new Map(),
    send: (path, type, object) => {
      for (const response of watchers(path)) response.write(`${JSON.stringify({ type, object })}\n`);
    },
    watches: (path) => watchers(path).size,
    hangUp: (path) => {
      for (const response of watchers(path)) response.end();
    },
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(directory, { recursive: true });
    },
  };
  answerExec(server, (...command) => api.run(...command));
  return api;
}
