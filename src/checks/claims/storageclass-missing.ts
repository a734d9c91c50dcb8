import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { dataStorageClass } from '../storage/data-storage-class.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.volumeClaimTemplates[*].spec.storageClassName under PGDATA.
 * Allowed: a class that is there; none where the cluster has a default. A warning, for the reason given in pvc-missing.
 */
export const storageclassMissing: Check = {
  id: 'storageclass-missing',
  severity: 'warn',
  summary: 'No storage class would make the data volume.',
  because: 'The claim and its pod stay Pending; the name cannot be changed in a set that exists.',
  instead: 'storageClassName with a class of `kubectl get storageclass`.',
  examine(workload, { operation, facts }) {
    if (operation === 'UPDATE') return noObservations;
    const storage = dataStorageClass(workload, facts);
    if (storage === undefined || storage.found.kind === 'present') return noObservations;
    if (storage.found.kind === 'unknown') return notLookedUp('storageClasses', storage.found.why);
    const { field, name } = storage;
    const seen =
      name === undefined
        ? 'no storageClassName, and the cluster has no default class'
        : `there is no storage class ${quoted(name)}`;
    return [{ field: `${field}.spec.storageClassName`, message: `${seen}; wanted a class that is there.` }];
  },
};
