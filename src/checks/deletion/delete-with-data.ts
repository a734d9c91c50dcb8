import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { takesItsClaims } from './deletion.ts';

/**
 * Fields: spec.persistentVolumeClaimRetentionPolicy.whenDeleted of a set that is deleted, and how it is deleted.
 * Allowed: Retain, which is the default; or `--cascade=orphan`, which deletes nothing that belongs to the set. In a namespace that is being
 * deleted nothing is kept back, see namespace-terminating.
 */
export const deleteWithData: Check = {
  id: 'delete-with-data',
  severity: 'deny',
  summary: 'A set is deleted whose claims go with it.',
  because:
    'whenDeleted: Delete holds for every claim template, so data and backups are deleted together, a moment after the set.',
  instead:
    '`kubectl patch statefulset <name> --type=merge -p \'{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain"}}}\'`, and then delete it.',
  datedEscape: true,
  examineDeletion(deletion) {
    if (deletion.kind !== 'set' || deletion.orphans || deletion.namespaceIsEnding === true) return noObservations;
    if (!takesItsClaims(deletion)) return noObservations;
    return [
      {
        field: 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted',
        message: 'whenDeleted is "Delete", so data and backups go with the set; wanted "Retain".',
      },
    ];
  },
};
