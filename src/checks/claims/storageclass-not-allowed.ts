import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check, Observation, Surroundings } from '../check.ts';
import { defaultClass } from '../storage/data-storage-class.ts';
import { annotationField, claimTemplateField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.volumeClaimTemplates[*].spec.storageClassName of what the Postgres container mounts; postgres.io/backup-storage-class
 * when the set is created, which is when the template for backups is injected (without it, that one has the class of the data).
 * Allowed: `checks.storage-classes` of the cluster config file; without it, every class. `storageClassName: ""` takes a volume that an
 * administrator made. A template without a class has the default one, looked up on creation: later it may be another than the volume's.
 */
export const storageclassNotAllowed: Check = {
  id: 'storageclass-not-allowed',
  severity: 'deny',
  summary: 'A volume would be of a storage class that the cluster config file does not list.',
  because:
    'The class decides whether an acknowledged write is on a disk, and whether the volume can follow the pod or be had back; it cannot be changed once there is data on it.',
  instead: 'storageClassName with a class of the list, which whoever runs the cluster keeps.',
  examine(workload, surroundings) {
    const allowed = surroundings.allowedStorageClasses;
    if (allowed === undefined) return noObservations;
    const volumes = [...mountedTemplates(workload), ...injectedTemplate(workload, surroundings)];
    return volumes.flatMap(({ field, storageClass }) => {
      if (storageClass === '') return [];
      if (storageClass !== undefined) return judged({ field, storageClass, allowed, isDefault: false }, surroundings);
      return ofDefault(field, allowed, surroundings);
    });
  },
};

interface TemplateClass {
  readonly field: string;
  /** Undefined: the cluster's default. */
  readonly storageClass: string | undefined;
}

function mountedTemplates({ server }: PostgresWorkload): readonly TemplateClass[] {
  const templates = new Map(
    server?.mounts.flatMap(({ name, source }) =>
      source.kind === 'claim-template' ? [[name, source.storageClass] as const] : [],
    ),
  );
  return [...templates].map(([name, storageClass]) => ({
    field: `${claimTemplateField(name)}.spec.storageClassName`,
    storageClass,
  }));
}

function injectedTemplate(
  { server, settings }: PostgresWorkload,
  { operation }: Surroundings,
): readonly TemplateClass[] {
  const { backup, backupClaim, backupStorage, backupStorageClass } = settings.values;
  const isInjected =
    operation === 'CREATE' &&
    server?.family.treatment === 'managed' &&
    backup &&
    backupClaim === undefined &&
    backupStorage.kind !== 'none';
  return isInjected && backupStorageClass !== undefined
    ? [{ field: annotationField('postgres.io/backup-storage-class'), storageClass: backupStorageClass }]
    : [];
}

function ofDefault(field: string, allowed: readonly string[], surroundings: Surroundings): readonly Observation[] {
  if (surroundings.operation === 'UPDATE') return noObservations;
  const found = defaultClass(surroundings.facts);
  if (found.kind === 'unknown') return notLookedUp('storageClasses', found.why);
  if (found.kind === 'absent') return noObservations;
  return judged({ field, storageClass: found.fact.name, allowed, isDefault: true }, surroundings);
}

function judged(
  {
    field,
    storageClass,
    allowed,
    isDefault,
  }: { field: string; storageClass: string; allowed: readonly string[]; isDefault: boolean },
  surroundings: Surroundings,
): readonly Observation[] {
  if (allowed.includes(storageClass)) return noObservations;
  const seen = `${isDefault ? 'no class is written, and the default ' : 'storage class '}${quoted(storageClass)}`;
  const wanted = allowed.length === 1 ? allowed.map(quoted).join('') : `one of ${allowed.map(quoted).join(', ')}`;
  const message = `${seen} is not allowed in this cluster; wanted ${wanted}.`;
  return [runsAlready(surroundings) ? { field, message, severity: 'warn' } : { field, message }];
}
