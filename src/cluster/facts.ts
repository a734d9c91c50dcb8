import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterFacts, FactKind } from '../workload/cluster-facts.ts';
import { factTables } from '../workload/fact-table.ts';
import type { FactTables } from '../workload/fact-table.ts';
import type { JsonObject } from '../workload/json.ts';
import { factKinds, factSources, resourcePath } from '../workload/read-facts.ts';
import { clusterConfig } from './cluster-config.ts';
import { watchObjects } from './watch-objects.ts';
import type { WatchSink } from './watch-objects.ts';

/**
 * Secrets are watched only where the config file says so (`secret-names`), and then their metadata alone. RBAC knows no right to names:
 * whoever may list a Secret may read it. A right to every password of the cluster is a greater hazard than a pod that says which Secret it
 * waits for, so the manifests do not give it.
 */
const alwaysWatched = factKinds.filter((kind) => kind !== 'secrets');

/** `idle`: nobody has asked yet. */
export type WatchState = 'idle' | 'synced' | 'not-synced' | 'forbidden';

export interface FactWatch {
  /** Looking something up starts the watches, and finds what is known at that moment. */
  readonly facts: ClusterFacts;
  states(): ReadonlyMap<FactKind, WatchState>;
  /** Whether names of Secrets are looked for; they are not, until it is said. */
  lookForSecrets(isWanted: boolean): void;
  stop(): void;
}

export interface FactWatchOptions {
  /** Undefined: the service account of the pod that this runs in. */
  readonly kubeconfig: string | undefined;
  readonly onError: (kind: FactKind, message: string) => void;
  /** Milliseconds before the next try after a failure. */
  readonly retry?: number;
  /** Milliseconds after which everything is listed again. */
  readonly resync?: number;
}

/**
 * One watch for each kind, from the first managed StatefulSet on, be it one that is there or one that is reviewed: a cluster without
 * any costs the list of its StatefulSets and no more.
 */
export function watchFacts(options: FactWatchOptions): FactWatch {
  const watch = new LazyWatches(clusterConfig(options.kubeconfig), options);
  watch.start('statefulSets');
  return watch;
}

class LazyWatches implements FactWatch {
  readonly facts: ClusterFacts;
  readonly #tables: FactTables = factTables('not-synced');
  readonly #states = new Map<FactKind, WatchState>(alwaysWatched.map((kind) => [kind, 'idle']));
  readonly #watches = new Map<FactKind, { stop(): void }>();
  readonly #config: KubeConfig;
  readonly #options: FactWatchOptions;
  #isStopped = false;
  #areAllWanted = false;
  #areSecretsWanted = false;

  constructor(config: KubeConfig, options: FactWatchOptions) {
    this.#config = config;
    this.#options = options;
    this.#tables.secrets.setGap('not-asked');
    this.facts = startedBy(this.#tables, () => {
      this.#startAll();
    });
  }

  start(kind: FactKind): void {
    if (this.#isStopped || this.#watches.has(kind)) return;
    this.#states.set(kind, 'not-synced');
    const { onError, retry, resync } = this.#options;
    const watch = watchObjects({
      config: this.#config,
      path: resourcePath(factSources[kind]),
      part: kind === 'secrets' ? 'metadata' : 'whole',
      sink: this.#sink(kind),
      onError: (message) => {
        onError(kind, message);
      },
      ...(retry === undefined ? {} : { retry }),
      ...(resync === undefined ? {} : { resync }),
    });
    this.#watches.set(kind, watch);
  }

  states(): ReadonlyMap<FactKind, WatchState> {
    return this.#states;
  }

  lookForSecrets(isWanted: boolean): void {
    if (isWanted === this.#areSecretsWanted) return;
    this.#areSecretsWanted = isWanted;
    if (isWanted) {
      this.#tables.secrets.setGap('not-synced');
      this.#states.set('secrets', 'idle');
      if (this.#areAllWanted) this.start('secrets');
      return;
    }
    this.#watches.get('secrets')?.stop();
    this.#watches.delete('secrets');
    this.#states.delete('secrets');
    this.#tables.secrets.replace([]);
    this.#tables.secrets.setGap('not-asked');
  }

  stop(): void {
    this.#isStopped = true;
    for (const watch of this.#watches.values()) watch.stop();
  }

  #startAll(): void {
    this.#areAllWanted = true;
    for (const kind of alwaysWatched) this.start(kind);
    if (this.#areSecretsWanted) this.start('secrets');
  }

  #sink(kind: FactKind): WatchSink {
    const table = this.#tables[kind];
    const startOthers = (objects: readonly JsonObject[]): void => {
      if (kind !== 'statefulSets') return;
      if (objects.some((object) => factSources.statefulSets.read(object).managed !== undefined)) this.#startAll();
    };
    return {
      replace: (objects) => {
        table.replace(objects);
        startOthers(objects);
      },
      put: (object) => {
        table.put(object);
        startOthers([object]);
      },
      remove: (object) => {
        table.remove(object);
      },
      state: (state) => {
        this.#states.set(kind, state);
        // What was known may be gone since; nothing may be refused for it.
        if (state !== 'synced') table.replace([]);
        table.setGap(state === 'synced' ? undefined : state);
      },
    };
  }
}

/** The same tables; the first look at any of them calls `start`, but for the sets, which are watched anyway. */
function startedBy(tables: FactTables, start: () => void): ClusterFacts {
  let isStarted = false;
  return new Proxy(tables, {
    get: (target, kind: keyof ClusterFacts) => {
      // ConfigMaps and PersistentVolumes of a cluster are never read.
      if (kind === 'statefulSets' || kind === 'configMaps' || kind === 'persistentVolumes') return target[kind];
      if (!isStarted) start();
      isStarted = true;
      return target[kind];
    },
  });
}
