import type { KubeConfig } from '@kubernetes/client-node';
import { factTables } from '../workload/fact-table.ts';
import type { FactTables } from '../workload/fact-table.ts';
import type { FactKind } from '../workload/cluster-facts.ts';
import { factKinds, factSources, resourcePath } from '../workload/read-facts.ts';
import { describeFailure, statusOf } from './api-failure.ts';
import { listObjects } from './list-objects.ts';
import { personConfig } from './person-config.ts';

/**
 * What is around in some namespaces of the cluster that kubectl would ask (KUBECONFIG, its current context), with the rights that kubectl
 * has. Of Secrets the metadata is asked for, so that their values never come here.
 * @throws Error where the cluster cannot be asked at all; what may not be listed is a gap.
 */
export async function readFactsOnce(namespaces: readonly string[]): Promise<FactTables> {
  const config = personConfig(undefined);
  const tables = factTables(undefined);
  await Promise.all(factKinds.map(async (kind) => readKind(config, tables, kind, namespaces)));
  return tables;
}

async function readKind(
  config: KubeConfig,
  tables: FactTables,
  kind: FactKind,
  namespaces: readonly string[],
): Promise<void> {
  const source = factSources[kind];
  const places = source.isNamespaced ? namespaces : [undefined];
  for (const namespace of places) {
    const path = resourcePath(source, namespace);
    try {
      const { objects } = await listObjects(config, path, kind === 'secrets' ? 'metadata' : 'whole');
      for (const object of objects) tables[kind].put(object);
    } catch (error) {
      const status = statusOf(error);
      if (status !== 403) throw new Error(describeFailure(error), { cause: error });
      tables[kind].setGap('forbidden');
    }
  }
}
