import { noObservations } from './check.ts';
import type { Check } from './check.ts';
import { dataStorageClass } from './data-storage-class.ts';
import { notLookedUp } from './look-up.ts';
import { quoted } from './shown-text.ts';

/**
 * Fields: allowVolumeExpansion of the class under PGDATA, when the set is created.
 * Allowed: true.
 */
export const storageclassNoExpand: Check = {
  id: 'storageclass-no-expand',
  severity: 'warn',
  summary: 'The data volume can never grow.',
  because: 'A full disk stops the server, and the way out is a copy to a larger volume while the database is down.',
  instead:
    'A class with allowVolumeExpansion: true, which can be added to the class at any time where its driver can do it.',
  examine(workload, { operation, facts }) {
    if (operation === 'UPDATE') return noObservations;
    const storage = dataStorageClass(workload, facts);
    if (storage?.found.kind === 'unknown') return notLookedUp('storageClasses', storage.found.why);
    if (storage?.found.kind !== 'present' || storage.found.fact.canExpand) return noObservations;
    return [
      {
        field: `${storage.field}.spec.storageClassName`,
        message: `storage class ${quoted(storage.found.fact.name)} cannot expand volumes; wanted allowVolumeExpansion: true.`,
      },
    ];
  },
};
