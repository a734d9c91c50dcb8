import type { AdmissionContext } from '../admission/admission.ts';
import type { NamespaceWatch } from '../cluster/namespaces.ts';
import type { Configuration } from '../configuration.ts';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import type { ConfigurationFile } from './configuration-file.ts';
import { utcDay } from '../utc-day.ts';

/** What is known of the cluster; nothing of it is waited for. */
export interface Surroundings {
  readonly namespaces: Pick<NamespaceWatch, 'annotations' | 'isEnding'> | undefined;
  readonly facts: ClusterFacts;
}

/** One context for as long as the configuration is the same: the core keeps what it computed from it by identity. */
export function contextSource(file: ConfigurationFile, surroundings: Surroundings): () => AdmissionContext {
  let from = file.current();
  let context = contextOf(from, surroundings);
  return () => {
    if (file.current() !== from) {
      from = file.current();
      context = contextOf(from, surroundings);
    }
    return context;
  };
}

function contextOf(configuration: Configuration, { namespaces, facts }: Surroundings): AdmissionContext {
  return {
    clusterSettings: configuration.settings,
    policy: configuration.policy,
    withRollout: configuration.withRollout,
    namespaceAnnotations: (namespace) => namespaces?.annotations(namespace),
    namespaceIsEnding: (namespace) => namespaces?.isEnding(namespace),
    facts,
    get today() {
      return utcDay();
    },
  };
}
