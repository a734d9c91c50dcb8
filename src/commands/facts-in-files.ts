import { factTables } from '../workload/fact-table.ts';
import type { FactTables } from '../workload/fact-table.ts';
import { factKinds } from '../workload/read-facts.ts';
import type { ManifestObject } from './manifest-objects.ts';

/**
 * What the objects beside a StatefulSet tell of each other. A folder need not hold the whole cluster: what is in none of the files is
 * unknown, not absent. `tables`: what is known besides; a file counts for more, since it is what will be applied.
 */
export function factsIn(objects: readonly ManifestObject[], tables: FactTables = factTables('not-asked')): FactTables {
  for (const { object, kind, namespace } of objects) {
    const [group] = (typeof object['apiVersion'] === 'string' ? object['apiVersion'] : '').split('/').slice(0, -1);
    const found = factKinds.find(
      (one) => tables[one].source.kind === kind && tables[one].source.group === (group ?? ''),
    );
    if (found !== undefined) tables[found].put(object, namespace);
  }
  return tables;
}
