import { backupTemplate } from '../../workload/backup-template.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { claimTemplateField, volumeField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: spec.volumeClaimTemplates[*].spec.accessModes of the claim under PGDATA, and of the user's own `pgusher-backup`; those of a claim
 * by name, where it is known.
 * Allowed: ReadWriteOnce, ReadWriteOncePod. A claim that exists cannot be changed: a warning.
 */
export const pvcAccessRwx: Check = {
  id: 'pvc-access-rwx',
  severity: 'deny',
  summary: 'The claim under PGDATA, or the one for backups, may be mounted on several nodes at once.',
  because:
    'After a network split, Kubernetes cannot keep a second server from starting on the same data directory, or a second agent on the same backups, while the first still runs. Storage that offers ReadWriteMany is mostly NFS as well.',
  instead: 'accessModes: [ReadWriteOncePod], or [ReadWriteOnce] where the storage does not offer that.',
  examine(workload, { facts }) {
    const found = ofBackups(workload);
    return found.length === 0 ? ofData(workload, facts) : [...ofData(workload, facts), ...found];
  },
};

function ofData({ server, namespace }: PostgresWorkload, { claims }: ClusterFacts): readonly Observation[] {
  const mount = server?.data.mount;
  if (mount?.source.kind === 'claim') {
    const { claimName } = mount.source;
    const claim = claims.find(namespace, claimName);
    if (claim.kind !== 'present' || !claim.fact.accessModes.includes('ReadWriteMany')) return noObservations;
    return [
      {
        field: volumeField(mount.name),
        severity: 'warn',
        message: `claim ${quoted(claimName)} under PGDATA is ReadWriteMany; wanted one writer. Make the claim with accessModes: [ReadWriteOncePod].`,
      },
    ];
  }
  if (mount?.source.kind !== 'claim-template' || !mount.source.accessModes.includes('ReadWriteMany')) {
    return noObservations;
  }
  return [
    {
      field: `${claimTemplateField(mount.name)}.spec.accessModes`,
      message: `claim template ${quoted(mount.name)} under PGDATA is ReadWriteMany; wanted one writer. Write accessModes: [ReadWriteOncePod].`,
    },
  ];
}

/** One that the user wrote is used for backups as ours would be, which is ReadWriteOnce. */
function ofBackups({ object, server }: PostgresWorkload): readonly Observation[] {
  const template = objectsAt(objectAt(object, 'spec'), 'volumeClaimTemplates').find(isBackupTemplate);
  // With the data on it another check refuses it.
  if (template === undefined || server?.data.mount?.name === backupTemplate) return noObservations;
  const modes = textsAt(objectAt(template, 'spec'), 'accessModes');
  if (modes.every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod')) return noObservations;
  return [
    {
      field: `${claimTemplateField(backupTemplate)}.spec.accessModes`,
      message: `claim template ${quoted(backupTemplate)} for backups is ${listed(modes.map(quoted))}; wanted one writer. Write accessModes: [ReadWriteOnce].`,
    },
  ];
}

function isBackupTemplate(template: JsonObject): boolean {
  return textAt(objectAt(template, 'metadata'), 'name') === backupTemplate;
}
