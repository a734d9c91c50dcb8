import { KubeConfig } from '@kubernetes/client-node';

/** What client-node names where nothing names a cluster; nobody who runs a command means that. */
const nowhere = 'http://localhost:8080';

/**
 * The cluster that kubectl would talk to: the file, else KUBECONFIG, else ~/.kube/config; the context that is named, else its current one.
 * @throws Error with what is wanted where none is named, or the file cannot be read.
 */
export function personConfig(file: string | undefined, context?: string): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    throw new Error(`the kubeconfig cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const names = config.getContexts().map(({ name }) => name);
      throw new Error(
        `the kubeconfig has no context "${context}"; wanted one of ${names.join(', ') || 'none: it is empty'}`,
      );
    }
    config.setCurrentContext(context);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || (file === undefined && server === nowhere)) {
    throw new Error(
      'no cluster is named; wanted KUBECONFIG, --kubeconfig FILE, or ~/.kube/config with a current context',
    );
  }
  return config;
}
