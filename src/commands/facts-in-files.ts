import { dirname } from 'node:path';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import { factTables } from '../workload/fact-table.ts';
import type { FactTables } from '../workload/fact-table.ts';
import { textAt } from '../workload/json.ts';
import { factKinds } from '../workload/read-facts.ts';
import { UsageError } from './exit-code.ts';
import { secretsMadeBy } from './made-secrets.ts';
import type { ManifestObject } from './manifest-objects.ts';

/** What is known of other objects where one is looked at. */
export type FactsOf = (where: ManifestObject) => ClusterFacts;

/**
 * What the objects in the files of one folder tell of each other; another folder is often another environment. A folder need not hold
 * the whole cluster: what is in none of its files is unknown, not absent.
 */
export function factsBeside(objects: readonly ManifestObject[]): FactsOf {
  const folders = Map.groupBy(objects, folderOf);
  const tables = new Map(
    [...folders].map(([folder, beside]) => [folder, withObjects(factTables('not-asked'), beside)]),
  );
  const none = factTables('not-asked');
  return (where) => tables.get(folderOf(where)) ?? none;
}

/** What is in the current cluster, and in the files on top: they are what will be applied. @throws UsageError where it cannot be asked. */
export async function factsOfCluster(objects: readonly ManifestObject[]): Promise<FactsOf> {
  const sets = objects.filter(({ kind }) => kind === 'StatefulSet');
  // The client takes half a second to load; nobody else waits for it.
  const { readFactsOnce } = await import('../cluster/read-facts-once.ts');
  try {
    const tables = await readFactsOnce([...new Set(sets.map(({ namespace }) => namespace))]);
    const all = withObjects(tables, objects);
    return () => all;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--cluster: the current cluster cannot be asked: ${problem}`);
  }
}

function folderOf({ file }: ManifestObject): string {
  return dirname(file.name);
}

function withObjects(tables: FactTables, objects: readonly ManifestObject[]): FactTables {
  for (const { object, kind, namespace } of objects) {
    const [group = ''] = (textAt(object, 'apiVersion') ?? '').split('/').slice(0, -1);
    const found = [...factKinds, 'configMaps' as const, 'persistentVolumes' as const].find((one) => {
      const { source } = tables[one];
      return source.kind === kind && source.group === group;
    });
    if (found !== undefined) tables[found].put(object, namespace);
  }
  // After the Secrets themselves: one in a file is often the form, which another object fills.
  for (const { object, namespace } of objects)
    for (const name of secretsMadeBy(object)) tables.secrets.put({ metadata: { name } }, namespace);
  return tables;
}
