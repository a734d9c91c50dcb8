import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { ofDataClass } from '../storage/data-storage-class.ts';
import { quoted } from '../shown-text.ts';

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
    return ofDataClass(workload, facts, ({ name, canExpand }) =>
      canExpand ? undefined : `storage class ${quoted(name)} cannot expand volumes; wanted allowVolumeExpansion: true.`,
    );
  },
};
