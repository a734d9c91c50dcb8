import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: metadata.deletionTimestamp of the namespace of a set that is deleted.
 * Allowed: everything: Kubernetes deletes what is in such a namespace, one by one, and a denial would keep it in Terminating for ever. What
 * the namespace controller deletes is not even asked about.
 */
export const namespaceTerminating: Check = {
  id: 'namespace-terminating',
  severity: 'warn',
  summary: 'A set is deleted in a namespace that goes itself.',
  because:
    'Every claim of the namespace goes with it, data and backups alike, whatever whenDeleted says; the disks follow where their class has reclaimPolicy Delete.',
  instead: 'A copy of the backups in another namespace, before the namespace is deleted.',
  datedEscape: true,
  examineDeletion({ kind, namespace, namespaceIsEnding }) {
    if (kind !== 'set' || namespaceIsEnding !== true) return noObservations;
    return [
      {
        field: 'metadata.namespace',
        message: `namespace ${quoted(namespace)} is being deleted with all claims; wanted a copy of the backups elsewhere.`,
      },
    ];
  },
};
