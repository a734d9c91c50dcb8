import type { ClusterFacts, LookedUp, StorageClassFact } from '../../workload/cluster-facts.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Observation } from '../check.ts';
import { claimTemplateField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';

export interface DataStorageClass {
  readonly field: string;
  /** Undefined: the cluster's default is taken. */
  readonly name: string | undefined;
  readonly found: LookedUp<StorageClassFact>;
}

/** The class that makes the volume under PGDATA; undefined where none does: no claim template, or `storageClassName: ""`. */
export function dataStorageClass({ server }: PostgresWorkload, facts: ClusterFacts): DataStorageClass | undefined {
  const mount = server?.data.mount;
  if (mount?.source.kind !== 'claim-template' || mount.source.storageClass === '') return undefined;
  const name = mount.source.storageClass;
  const field = claimTemplateField(mount.name);
  if (name !== undefined) return { field, name, found: facts.storageClasses.find('', name) };
  return { field, name, found: defaultClass(facts) };
}

/** What is to be said of that class. One that is not there is another check's (storageclass-missing). */
export function ofDataClass(
  workload: PostgresWorkload,
  facts: ClusterFacts,
  messageOn: (storageClass: StorageClassFact) => string | undefined,
): readonly Observation[] {
  const storage = dataStorageClass(workload, facts);
  if (storage === undefined || storage.found.kind === 'absent') return noObservations;
  if (storage.found.kind === 'unknown') return notLookedUp('storageClasses', storage.found.why);
  const message = messageOn(storage.found.fact);
  return message === undefined ? noObservations : [{ field: `${storage.field}.spec.storageClassName`, message }];
}

/** Of several the newest is taken, which is not known here: then nothing is said of it. */
export function defaultClass({ storageClasses }: ClusterFacts): LookedUp<StorageClassFact> {
  const [only, ...others] = storageClasses.within('').filter(({ isDefault }) => isDefault);
  if (only !== undefined && others.length === 0) return { kind: 'present', fact: only };
  if (only !== undefined) return { kind: 'unknown', why: 'not-asked' };
  return storageClasses.gap === undefined ? { kind: 'absent' } : { kind: 'unknown', why: storageClasses.gap };
}
