import type { ClusterFacts, FactKind } from '../workload/cluster-facts.ts';
import { watchFacts } from './facts.ts';
import type { WatchState } from './facts.ts';
import { watchNamespaces } from './namespaces.ts';
import type { NamespaceWatch } from './namespaces.ts';

/** Everything that the webhook knows of its cluster besides the reviews. */
export interface ClusterWatch {
  readonly namespaces: NamespaceWatch;
  readonly facts: ClusterFacts;
  /** Of the facts, by kind. */
  states(): ReadonlyMap<FactKind, WatchState>;
  /** Whether names of Secrets are looked for (`secret-names` of the config file). */
  lookForSecrets(isWanted: boolean): void;
  stop(): void;
}

export interface ClusterWatchOptions {
  /** Undefined: the service account of the pod that this runs in. */
  readonly kubeconfig: string | undefined;
  readonly onError: (what: string, message: string) => void;
}

/** @throws where there is no account to ask with; an apiserver that cannot be reached is asked again and again. */
export function watchCluster({ kubeconfig, onError }: ClusterWatchOptions): ClusterWatch {
  const namespaces = watchNamespaces({
    kubeconfig,
    onError: (message) => {
      onError('namespaces', message);
    },
  });
  const watch = watchFacts({ kubeconfig, onError });
  return {
    namespaces,
    facts: watch.facts,
    states: () => watch.states(),
    lookForSecrets: (isWanted) => {
      watch.lookForSecrets(isWanted);
    },
    stop: () => {
      namespaces.stop();
      watch.stop();
    },
  };
}
