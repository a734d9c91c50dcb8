import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import type { V1Namespace } from '@kubernetes/client-node';

export interface NamespaceWatch {
  /** Annotations of a namespace; undefined where it is not known (yet). */
  annotations(namespace: string): Readonly<Record<string, string>> | undefined;
  /** The first list is here. What came later may be a moment behind. */
  synced(): boolean;
  stop(): Promise<void>;
}

export interface NamespaceWatchOptions {
  /** Undefined: the service account of the pod that this runs in. */
  readonly kubeconfig: string | undefined;
  readonly onError: (message: string) => void;
  /** Milliseconds before the next try after a failure; 5,000. */
  readonly retry?: number;
}

/** Nothing but the annotations is kept: a cluster may have thousands of namespaces. Does not wait for the first list. */
export function watchNamespaces(options: NamespaceWatchOptions): NamespaceWatch {
  const config = new KubeConfig();
  if (options.kubeconfig === undefined) config.loadFromCluster();
  else config.loadFromFile(options.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);

  const known = new Map<string, Readonly<Record<string, string>>>();
  let isSynced = false;
  let isStopped = false;
  const informer = makeInformer<V1Namespace>(config, '/api/v1/namespaces', async () => {
    const list = await api.listNamespace();
    isSynced = true;
    return list;
  });
  const keep = (namespace: V1Namespace): void => {
    const name = namespace.metadata?.name;
    if (name !== undefined) known.set(name, ours(namespace.metadata?.annotations ?? {}));
  };
  informer.on('add', keep);
  informer.on('update', keep);
  informer.on('delete', (namespace) => {
    known.delete(namespace.metadata?.name ?? '');
  });
  const startLater = (error: unknown): void => {
    if (isStopped) return;
    options.onError(describe(error));
    setTimeout(() => void start(), options.retry ?? 5_000).unref();
  };
  const start = async (): Promise<void> => {
    try {
      await informer.start();
    } catch (error) {
      startLater(error);
    }
  };
  // The informer ends its watch on an error and does not start another.
  informer.on('error', startLater);
  void start();

  return {
    annotations: (namespace) => known.get(namespace),
    synced: () => isSynced,
    stop: async () => {
      isStopped = true;
      await informer.stop();
    },
  };
}

/** With its cause: fetch says "fetch failed", and what failed stands below. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

function ours(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => name.startsWith('postgres.io/')));
}
