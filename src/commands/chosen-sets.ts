import type { KubeConfig } from '@kubernetes/client-node';
import { listManagedSets } from '../cluster/list-managed-sets.ts';
import { readManagedSet } from '../status/managed-set.ts';
import type { ManagedSet } from '../status/managed-set.ts';
import { namespaceOf, notTold } from './cluster-options.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { UsageError } from './exit-code.ts';

export interface SetsOptions extends ClusterOptions {
  readonly allNamespaces: boolean;
}

/**
 * The managed sets of the cluster that `names` say; all where there are none.
 * @throws UsageError where the cluster does not tell, and where a set that was named is not there: silence would read as "all is well".
 */
export async function chosenSets(
  config: KubeConfig,
  names: readonly string[],
  options: SetsOptions,
): Promise<readonly ManagedSet[]> {
  const namespace = options.allNamespaces ? undefined : namespaceOf(config, options);
  const listed = await listManagedSets(config, namespace);
  if (listed.kind !== 'sets') throw notTold(config, listed);
  const sets = listed.objects.flatMap((object) => readManagedSet(object) ?? []);
  const missing = names.find((name) => !sets.some((set) => set.name === name));
  if (missing !== undefined) {
    throw new UsageError(
      `no managed StatefulSet "${missing}" in ${namespace === undefined ? 'any namespace' : `namespace ${namespace}`}; wanted one with the label postgres.io/managed: "true"`,
    );
  }
  return names.length === 0 ? sets : sets.filter(({ name }) => names.includes(name));
}
