import type { Mount, ServerContainer } from '../../workload/postgres-workload.ts';
import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { claimTemplateSnippet } from './claim-template-snippet.ts';
import { volumeField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.replicas, spec.template.spec.volumes[*].persistentVolumeClaim (and nfs) under PGDATA, subPathExpr.
 * Allowed: one replica; claim templates; a subPathExpr that names the pod, which gives each its own directory.
 */
export const pvcSharedByReplicas: Check = {
  id: 'pvc-shared-by-replicas',
  severity: 'deny',
  summary: 'Several replicas have one claim under PGDATA.',
  because:
    'All pods of the set mount that one claim, so two servers run in one data directory. postmaster.pid does not keep them apart: each container has its own process ids. The database is destroyed within seconds.',
  instead: 'spec.volumeClaimTemplates, which make a claim for each replica.',
  paste: claimTemplateSnippet,
  examine({ server, replicas }) {
    const mount = server?.data.mount;
    if (server === undefined || mount === undefined || replicas < 2) return noObservations;
    if (!isOneForAll(mount) || isPathOfPod(server, mount)) return noObservations;
    const what =
      mount.source.kind === 'claim' ? `claim ${quoted(mount.source.claimName)}` : `volume ${quoted(mount.name)}`;
    return [
      {
        field: volumeField(mount.name),
        message: `${replicas} replicas share ${what} under PGDATA; wanted a claim for each. Move ${quoted(mount.name)} from volumes to spec.volumeClaimTemplates, or write replicas: 1.`,
      },
    ];
  },
};

function isOneForAll({ source }: Mount): boolean {
  return source.kind === 'claim' || source.kind === 'nfs';
}

/** `subPathExpr: $(POD_NAME)`, where POD_NAME comes from the downward API. */
function isPathOfPod(server: ServerContainer, { subPathExpr }: Mount): boolean {
  return [...(subPathExpr ?? '').matchAll(/\$\(([^)]+)\)/g)].some(([, name = '']) => {
    const variable = server.environment.get(name);
    if (variable?.kind !== 'other') return false;
    const reference = objectAt(variable.valueFrom, 'fieldRef');
    return textAt(reference, 'fieldPath') === 'metadata.name';
  });
}
