import { KubeConfig } from '@kubernetes/client-node';

/** Undefined: the service account of the pod that this runs in. @throws where that is none, or the file is no kubeconfig. */
export function clusterConfig(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromCluster();
  else config.loadFromFile(kubeconfig);
  return config;
}
