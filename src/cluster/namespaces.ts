import { annotationPrefix } from '../workload/annotation-name.ts';
import { objectAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { clusterConfig } from './cluster-config.ts';
import { watchObjects } from './watch-objects.ts';

export interface NamespaceWatch {
  /** Annotations of a namespace; undefined where it is not known (yet). */
  annotations(namespace: string): Readonly<Record<string, string>> | undefined;
  /** Whether it is being deleted, with all that is in it; undefined where it is not known (yet). */
  isEnding(namespace: string): boolean | undefined;
  /** The first list is here. What came later may be a moment behind. */
  synced(): boolean;
  stop(): void;
}

export interface NamespaceWatchOptions {
  /** Undefined: the service account of the pod that this runs in. */
  readonly kubeconfig: string | undefined;
  readonly onError: (message: string) => void;
  /** Milliseconds before the next try after a failure. */
  readonly retry?: number;
}

interface KnownNamespace {
  readonly annotations: Readonly<Record<string, string>>;
  readonly isEnding: boolean;
}

/**
 * Nothing but the annotations and whether it goes is kept: a cluster may have thousands of namespaces. Does not wait for the first list. What was known
 * stays known while the apiserver cannot be asked: a layer of settings that vanished would restart databases.
 */
export function watchNamespaces({ kubeconfig, ...options }: NamespaceWatchOptions): NamespaceWatch {
  const known = new Map<string, KnownNamespace>();
  let isSynced = false;
  const put = (namespace: JsonObject): void => {
    const metadata = objectAt(namespace, 'metadata');
    known.set(textAt(metadata, 'name') ?? '', {
      annotations: ours(textMapAt(metadata, 'annotations')),
      isEnding: textAt(metadata, 'deletionTimestamp') !== undefined,
    });
  };
  const watch = watchObjects({
    ...options,
    config: clusterConfig(kubeconfig),
    path: '/api/v1/namespaces',
    sink: {
      replace: (namespaces) => {
        known.clear();
        for (const namespace of namespaces) put(namespace);
      },
      put,
      remove: (namespace) => known.delete(textAt(objectAt(namespace, 'metadata'), 'name') ?? ''),
      state: (state) => {
        isSynced ||= state === 'synced';
      },
    },
  });
  return {
    annotations: (namespace) => known.get(namespace)?.annotations,
    isEnding: (namespace) => known.get(namespace)?.isEnding,
    synced: () => isSynced,
    stop: () => {
      watch.stop();
    },
  };
}

function ours(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => name.startsWith(annotationPrefix)));
}
