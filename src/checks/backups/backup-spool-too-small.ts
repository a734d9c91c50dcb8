import { engineNamed } from '../../engines/registry.ts';
import { formatQuantity, parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';

/** What a base backup of a full data volume takes, compressed, where the data is neither text alone nor images alone. */
const part = 2;

/**
 * Fields: postgres.io/backup-spool against the storage of the claim template under PGDATA.
 * Allowed: half of it or more. `auto` takes all of it.
 */
export const backupSpoolTooSmall: Check = {
  id: 'backup-spool-too-small',
  severity: 'warn',
  summary: 'The spool for backups is smaller than a base backup of a full data volume may be.',
  because:
    'A base backup lies in the spool until it was sent, and a restore brings it there with the WAL behind it. What does not fit is not made, and cannot be restored in the pod.',
  instead: '`postgres.io/backup-spool: auto`, or half of the data volume and more. It reserves nothing on the node.',
  examine(workload, { operation, injected }) {
    const { server, settings } = workload;
    const { backupEngine } = settings.values;
    if (server?.data.mount === undefined) return noObservations;
    const { source } = server.data.mount;
    const data = source.kind === 'claim-template' ? parseQuantity(source.storage ?? '') : undefined;
    const context = { workload, server, operation, injectedClaimTemplates: injected?.claimTemplates ?? [] };
    const destination = engineNamed(backupEngine).destination(context);
    if (data === undefined || destination.kind === 'none' || destination.spool === undefined) return noObservations;
    if (destination.spool * part >= data) return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-spool'),
        message: `${formatQuantity(destination.spool)} of spool for a data volume of ${formatQuantity(data)}; wanted ${formatQuantity(Math.ceil(data / part))} or more, for a base backup.`,
      },
    ];
  },
};
