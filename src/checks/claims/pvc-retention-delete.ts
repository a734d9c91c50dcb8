import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';

const policyField = 'spec.persistentVolumeClaimRetentionPolicy';

/**
 * Fields: spec.persistentVolumeClaimRetentionPolicy.whenDeleted and .whenScaled.
 * Allowed: Retain, which is the default. The policy holds for all claim templates of the set, the backups' too.
 */
export const pvcRetentionDelete: Check = {
  id: 'pvc-retention-delete',
  severity: 'deny',
  summary: 'Kubernetes is told to delete the claims with the set or with a replica.',
  because:
    'Deleting the set, or scaling it to zero for a moment, deletes the data and, since the policy holds for every claim template, the backups in `pgusher-backup` with it.',
  instead: 'Retain for both, or no persistentVolumeClaimRetentionPolicy.',
  coversLeftAlone: true,
  examine({ object }) {
    const policy = objectAt(objectAt(object, 'spec'), 'persistentVolumeClaimRetentionPolicy');
    const deleting = ['whenDeleted', 'whenScaled'].filter((when) => textAt(policy, when) === 'Delete');
    if (deleting.length === 0) return noObservations;
    return deleting.map((when) => ({
      field: `${policyField}.${when}`,
      message: `${when} is "Delete", for data and backups alike; wanted "Retain". Write ${when}: Retain.`,
    }));
  },
};
