import type { AdmissionContext } from '../admission/admission.ts';
import type { NamespaceWatch } from '../cluster/namespaces.ts';
import type { Configuration } from '../configuration.ts';
import type { ConfigurationFile } from './configuration-file.ts';

/** One context for as long as the configuration is the same: the core keeps what it computed from it by identity. */
export function contextSource(file: ConfigurationFile, namespaces: NamespaceWatch | undefined): () => AdmissionContext {
  let from = file.current();
  let context = contextOf(from, namespaces);
  return () => {
    if (file.current() !== from) {
      from = file.current();
      context = contextOf(from, namespaces);
    }
    return context;
  };
}

function contextOf(configuration: Configuration, namespaces: NamespaceWatch | undefined): AdmissionContext {
  return {
    clusterSettings: configuration.settings,
    policy: configuration.policy,
    withRollout: configuration.withRollout,
    namespaceAnnotations: (namespace) => namespaces?.annotations(namespace),
    get today() {
      return new Date().toISOString().slice(0, 10);
    },
  };
}
