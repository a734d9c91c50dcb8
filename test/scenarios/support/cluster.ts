import { kubectlWith } from '../../../scripts/cluster/kubectl.ts';
import type { Kubectl } from '../../../scripts/cluster/kubectl.ts';
import { kubernetesVersion } from '../../../scripts/cluster/kubernetes.ts';
import { places } from '../../../scripts/cluster/places.ts';

const given = process.env['KUBECONFIG'];
export const kubeconfig = given ?? places.kubeconfig;

/** Somebody's cluster: what needs the node itself is skipped. */
export const isForeign = kubeconfig !== places.kubeconfig;

/** No scenario can run here; set by set-up.ts, which said why. */
export const noCluster = process.env['PGUSHER_NO_CLUSTER'] !== undefined;

/** The whole cluster. A scenario has its own, for its namespace. */
export const kubectl: Kubectl = kubectlWith(kubeconfig, kubernetesVersion);

export function kubectlIn(namespace: string): Kubectl {
  return kubectlWith(kubeconfig, kubernetesVersion, '--namespace', namespace);
}
