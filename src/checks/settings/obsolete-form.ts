import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload, ServerContainer, ServerParameter } from '../../workload/postgres-workload.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { claimTemplateField, mountField, parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: volumeMounts, args, annotations of the pod template and of claim templates, spec.labels of the latter.
 * Allowed: the modern forms. PostgreSQL 12 replaced recovery.conf (manual, appendix O.1); Kubernetes 1.8 dropped
 * init containers in annotations and gave storageClassName its field.
 */
export const obsoleteForm: Check = {
  id: 'obsolete-form',
  severity: 'warn',
  summary: 'A form is used that PostgreSQL or Kubernetes no longer knows.',
  because: 'It is ignored, or keeps the server from starting: what it was written for does not happen.',
  instead: 'The modern form that the message names.',
  examine(workload) {
    const { server } = workload;
    return joined(
      obsoleteAnnotations(workload),
      misplacedLabels(workload),
      server === undefined ? noObservations : recoveryFiles(server),
      server === undefined ? noObservations : oldParameters(server),
    );
  },
};

const obsolete: Readonly<Record<string, string>> = {
  'pod.beta.kubernetes.io/init-containers': 'spec.template.spec.initContainers',
  'pod.alpha.kubernetes.io/init-containers': 'spec.template.spec.initContainers',
  'pod.alpha.kubernetes.io/initialized': 'nothing',
  'volume.beta.kubernetes.io/storage-class': 'spec.storageClassName',
  'volume.alpha.kubernetes.io/storage-class': 'spec.storageClassName',
};

function obsoleteAnnotations({ object }: PostgresWorkload): readonly Observation[] {
  const spec = objectAt(object, 'spec');
  return joined(
    annotationsOf(objectAt(spec, 'template'), 'spec.template'),
    ...objectsAt(spec, 'volumeClaimTemplates').map((template) =>
      annotationsOf(template, claimTemplateField(textAt(objectAt(template, 'metadata'), 'name') ?? '')),
    ),
  );
}

/** Recipes of 2016 match volumes by them; a PersistentVolumeClaim never had the field (core/v1 PersistentVolumeClaimSpec). */
function misplacedLabels({ object }: PostgresWorkload): readonly Observation[] {
  return objectsAt(objectAt(object, 'spec'), 'volumeClaimTemplates')
    .filter((template) => Object.keys(objectAt(objectAt(template, 'spec'), 'labels')).length > 0)
    .map((template) => ({
      field: `${claimTemplateField(textAt(objectAt(template, 'metadata'), 'name') ?? '')}.spec.labels`,
      message:
        'a claim has no spec.labels, and Kubernetes drops it; wanted spec.selector.matchLabels to choose a volume, or metadata.labels. Move them there.',
    }));
}

function annotationsOf(owner: PostgresWorkload['object'], field: string): readonly Observation[] {
  const annotations = objectAt(objectAt(owner, 'metadata'), 'annotations');
  const names = Object.keys(annotations).filter((name) => Object.hasOwn(obsolete, name));
  return names.length === 0
    ? noObservations
    : names.map((name) => ({
        field: `${field}.metadata.annotations[${name}]`,
        message: `annotation ${name} is obsolete; wanted ${obsolete[name] ?? ''}. Move it there.`,
      }));
}

function recoveryFiles(server: ServerContainer): readonly Observation[] {
  return server.mounts
    .filter(({ mountPath, subPath }) => (subPath ?? mountPath).endsWith('recovery.conf'))
    .map((mount) => ({
      field: mountField(server, mount),
      message:
        'recovery.conf keeps PostgreSQL 12 and newer from starting; wanted postgres.io/restore-* annotations. Remove the mount.',
    }));
}

/** Removed settings are errors at start. */
const removedParameters: Readonly<Record<string, string>> = {
  wal_keep_segments: 'wal_keep_size',
  checkpoint_segments: 'max_wal_size',
  standby_mode: 'postgres.io/role',
  trigger_file: 'pg_promote()',
  promote_trigger_file: 'pg_promote()',
};

function oldParameters(server: ServerContainer): readonly Observation[] {
  if (server.parameters.size === 0) return noObservations;
  return [...server.parameters.values()].flatMap((parameter) => {
    const modern = modernForm(parameter);
    if (modern === undefined) return [];
    const seen =
      `${parameter.name} ${parameter.name === 'wal_level' ? `is ${quoted(parameter.value)}, which` : ''}`.trim();
    return [
      { field: parameterField(server, parameter), message: `${seen} is obsolete; wanted ${modern}. Replace it.` },
    ];
  });
}

function modernForm({ name, value }: ServerParameter): string | undefined {
  if (name === 'wal_level') return /^(archive|hot_standby)$/i.test(value.trim()) ? 'wal_level=replica' : undefined;
  return Object.hasOwn(removedParameters, name) ? removedParameters[name] : undefined;
}
