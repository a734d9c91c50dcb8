import { engineNamed } from '../../engines/registry.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';

/**
 * Fields: postgres.io/backup-synchronous against backup-store, backup-claim, backup-storage and spec.volumeClaimTemplates.
 * Allowed: off, or a claim for backups: a commit waits for what is on its disk.
 */
export const backupSynchronousWithoutClaim: Check = {
  id: 'backup-synchronous-without-claim',
  severity: 'deny',
  summary: 'Commits are to wait for the backup, and there is no claim that they could wait for.',
  because:
    'What was received lies on the node until it was sent to the object store. A commit would return before that, and be lost with the node: the one thing that the setting promises not to happen.',
  instead: '`postgres.io/backup-synchronous: "off"`, or a claim for backups beside the object store.',
  noEscape: 'there is nothing that a commit could wait for.',
  examine(workload, { operation, injected }) {
    const { server, settings } = workload;
    const { backup, backupSynchronous, backupEngine } = settings.values;
    if (!backup || !backupSynchronous || server?.data.mount === undefined) return noObservations;
    const context = { workload, server, operation, injectedClaimTemplates: injected?.claimTemplates ?? [] };
    const destination = engineNamed(backupEngine).destination(context);
    if (destination.kind === 'none' || destination.spool === undefined) return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-synchronous'),
        message:
          'postgres.io/backup-synchronous is "on" without a claim for backups; wanted "off", or a claim. Write postgres.io/backup-claim: <claim>.',
      },
    ];
  },
};
