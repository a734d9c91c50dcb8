import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { takesItsClaims } from './deletion.ts';

/**
 * Fields: spec.persistentVolumeClaimRetentionPolicy.whenDeleted of a set that is deleted, and how it is deleted.
 * Allowed: everything; no data goes. It is said what stays, and what stops.
 */
export const deleteOrphanOk: Check = {
  id: 'delete-orphan-ok',
  severity: 'warn',
  summary: 'A set is deleted, and its claims stay.',
  because:
    'Nothing answers and nothing is backed up until a set of that name is applied again: it takes the claims as they are. With `--cascade=orphan` the pods run and are backed up, but one that ends does not come back.',
  instead: 'Nothing, where that is meant; `kubectl scale --replicas=0` for a pause.',
  datedEscape: true,
  examineDeletion(deletion) {
    if (deletion.kind !== 'set' || deletion.namespaceIsEnding === true) return noObservations;
    if (deletion.orphans) {
      return [
        {
          field: 'metadata.name',
          message: 'the pods stay, and one that ends does not come back; wanted the set applied again soon.',
        },
      ];
    }
    if (takesItsClaims(deletion)) return noObservations;
    return [
      {
        field: 'metadata.name',
        message: 'the claims stay, and backups stop; wanted the set applied again, which takes them as they are.',
      },
    ];
  },
};
