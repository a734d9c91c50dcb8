import { engineNamed } from '../../engines/registry.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/restore-from against restore-from-claim, backup-claim and backup-storage.
 * Allowed: backups of another set in a claim that is named, or in the set's own claim for backups.
 */
export const restoreSourceMissing: Check = {
  id: 'restore-source-missing',
  severity: 'deny',
  summary: 'A restore is asked for and no claim could hold the backup.',
  because: 'The pods stop before the server starts, and go on stopping: there is nothing to restore from.',
  instead: '`postgres.io/restore-from-claim` with the claim that holds the backups.',
  noEscape: 'without a claim there is nothing to restore from.',
  examine(workload, { operation, injected }) {
    const { server, settings } = workload;
    const { restoreFrom, backupEngine } = settings.values;
    if (restoreFrom === undefined || server?.data.mount === undefined) return noObservations;
    const context = { workload, server, operation, injectedClaimTemplates: injected?.claimTemplates ?? [] };
    const engine = engineNamed(backupEngine);
    if (engine.source(context, engine.destination(context))?.kind !== 'none') return noObservations;
    return [
      {
        field: annotationField('postgres.io/restore-from'),
        message: `postgres.io/restore-from is ${quoted(restoreFrom)} and no claim could hold that; wanted the claim. Write postgres.io/restore-from-claim: <claim>.`,
      },
    ];
  },
};
