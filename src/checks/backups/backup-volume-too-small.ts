import { backupTemplate } from '../../workload/backup-template.ts';
import type { JsonObject } from '../../workload/json.ts';
import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { formatQuantity, parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField, claimTemplateField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: the storage of a claim template `pgusher-backup` of the user's own; on CREATE postgres.io/backup-storage; against that of
 * the claim template under PGDATA.
 * Allowed: twice the data's, which is what `auto` takes: the backup that is kept, the one that is being made, and WAL between them.
 */
export const backupVolumeTooSmall: Check = {
  id: 'backup-volume-too-small',
  severity: 'warn',
  summary: 'The volume for backups is smaller than two backups of a full data volume.',
  because:
    'A new backup must be complete before an old one may go. Where there is no room for both, backups fail, WAL can be put nowhere, and the database can be restored only to the last backup that fitted.',
  instead: 'Twice the data volume, or `postgres.io/backup-storage: auto`. The size is the least, not the best.',
  examine(workload, { operation }) {
    const { backup, backupClaim } = workload.settings.values;
    const data = dataStorage(workload);
    if (!backup || backupClaim !== undefined || data === undefined) return noObservations;
    const own = objectsAt(objectAt(workload.object, 'spec'), 'volumeClaimTemplates').find(isBackupTemplate);
    if (own !== undefined)
      return tooSmall(`${claimTemplateField(backupTemplate)}.${storagePath}`, storageOf(own), data);
    const { backupStorage } = workload.settings.values;
    if (operation === 'UPDATE' || backupStorage.kind !== 'size') return noObservations;
    return tooSmall(annotationField('postgres.io/backup-storage'), backupStorage.quantity, data);
  },
};

const storagePath = 'spec.resources.requests.storage';

function tooSmall(field: string, storage: string | undefined, data: string): readonly Observation[] {
  const [room, filled] = [parseQuantity(storage ?? ''), parseQuantity(data)];
  if (storage === undefined || room === undefined || filled === undefined || room >= 2 * filled) return noObservations;
  return [
    {
      field,
      message: `${quoted(storage)} for backups of a volume of ${quoted(data)}; wanted ${formatQuantity(2 * filled)} or more, for two backups and WAL.`,
    },
  ];
}

function dataStorage({ server }: PostgresWorkload): string | undefined {
  const mount = server?.data.mount;
  // Data on that very volume is another check's (reserved-container-name).
  if (mount === undefined || mount.name === backupTemplate) return undefined;
  const { source } = mount;
  return source.kind === 'claim-template' ? source.storage : undefined;
}

function isBackupTemplate(template: JsonObject): boolean {
  return textAt(objectAt(template, 'metadata'), 'name') === backupTemplate;
}

function storageOf(template: JsonObject): string | undefined {
  return textAt(objectAt(objectAt(objectAt(template, 'spec'), 'resources'), 'requests'), 'storage');
}
