import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { ofDataClass } from '../storage/data-storage-class.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: reclaimPolicy of the class under PGDATA, when the set is created.
 * Allowed: Retain. The policy of a volume that exists can be changed, so it is said once.
 */
export const storageclassReclaimDelete: Check = {
  id: 'storageclass-reclaim-delete',
  severity: 'warn',
  summary: 'Deleting the claim deletes the disk.',
  because: 'A deleted claim, or a deleted namespace, takes the data with it at once.',
  instead: 'A class with reclaimPolicy: Retain; or, for a volume that exists, its persistentVolumeReclaimPolicy.',
  examine(workload, { operation, facts }) {
    if (operation === 'UPDATE') return noObservations;
    return ofDataClass(workload, facts, ({ name, reclaimPolicy }) =>
      reclaimPolicy === 'Retain'
        ? undefined
        : `storage class ${quoted(name)} has reclaimPolicy ${quoted(reclaimPolicy)}; wanted Retain: else a deleted claim is deleted data.`,
    );
  },
};
