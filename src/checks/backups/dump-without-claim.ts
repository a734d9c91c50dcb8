import { engineNamed } from '../../engines/registry.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';

/**
 * Fields: postgres.io/dump-schedule against backup-store, backup-claim, backup-storage and spec.volumeClaimTemplates.
 * Allowed: no schedule, or a claim for backups: dumps lie there, and an object store has none of them yet (docs/dumps.md).
 */
export const dumpWithoutClaim: Check = {
  id: 'dump-without-claim',
  severity: 'warn',
  summary: 'Dumps are to be made, and there is no claim that they could lie in.',
  because:
    'Without a claim what the agent writes lies on the node until it was sent to the object store, and dumps are not sent. One would be gone with the pod, so none is made.',
  instead:
    'a claim for backups beside the object store, or `pgusher dump SET --cronjob`, whose dumps have a claim of their own.',
  examine(workload, { operation, injected }) {
    const { server, settings } = workload;
    const { backup, dumpSchedule, backupEngine } = settings.values;
    if (!backup || dumpSchedule === undefined || server?.data.mount === undefined) return noObservations;
    const context = { workload, server, operation, injectedClaimTemplates: injected?.claimTemplates ?? [] };
    const destination = engineNamed(backupEngine).destination(context);
    if (destination.kind === 'none' || destination.spool === undefined) return noObservations;
    return [
      {
        field: annotationField('postgres.io/dump-schedule'),
        message:
          'no dump is made: there is no claim for backups; wanted one, or no schedule. Write postgres.io/backup-claim: <claim>, or use pgusher dump SET --cronjob.',
      },
    ];
  },
};
