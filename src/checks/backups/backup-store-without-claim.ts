import { engineNamed } from '../../engines/registry.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';

/**
 * Fields: postgres.io/backup-store against backup-claim, backup-storage and spec.volumeClaimTemplates.
 * Allowed: an object store that a claim for backups is copied to. This version needs both.
 */
export const backupStoreWithoutClaim: Check = {
  id: 'backup-store-without-claim',
  severity: 'deny',
  summary: 'An object store for backups is named, and there is no claim that could be copied to it.',
  because: 'Nothing would be received and nothing backed up, neither beside the data nor away from it.',
  instead: 'A claim beside it: `postgres.io/backup-claim`, or the claim template that is added on CREATE.',
  noEscape: 'without a claim there is nothing to copy.',
  examine(workload, { operation, injected }) {
    const { server, settings } = workload;
    const { backup, backupStore, backupEngine } = settings.values;
    if (!backup || backupStore === undefined || server?.data.mount === undefined) return noObservations;
    const context = { workload, server, operation, injectedClaimTemplates: injected?.claimTemplates ?? [] };
    const destination = engineNamed(backupEngine).destination(context);
    if (destination.kind !== 'none') return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-store'),
        message: `postgres.io/backup-store needs a claim for backups beside it, and there is none (${destination.reason}); wanted both. Write postgres.io/backup-claim: <claim>.`,
      },
    ];
  },
};
