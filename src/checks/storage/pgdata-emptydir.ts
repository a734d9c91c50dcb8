import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { claimTemplateSnippet } from '../claims/claim-template-snippet.ts';
import { volumeField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { mayLieElsewhere } from './hidden-pgdata.ts';

/**
 * Fields: spec.template.spec.volumes[*].emptyDir under PGDATA.
 * Allowed: any volume that outlives the pod. Of an image that is left alone (whose own manager may copy from another pod) it is a warning. Kubernetes documentation, "Volumes": an emptyDir is deleted with its pod.
 */
export const pgdataEmptydir: Check = {
  id: 'pgdata-emptydir',
  severity: 'deny',
  summary: 'PGDATA is on an emptyDir.',
  because:
    'The kubelet deletes an emptyDir with its pod: each eviction, drain or rollout is the loss of the data volume.',
  instead: 'A claim template in spec.volumeClaimTemplates in place of the emptyDir.',
  paste: claimTemplateSnippet,
  coversLeftAlone: true,
  examine(workload, surroundings) {
    const { server } = workload;
    const mount = server?.data.mount;
    if (server === undefined || mount?.source.kind !== 'emptyDir') return noObservations;
    if (mayLieElsewhere(workload, surroundings)) return noObservations;
    return [
      {
        field: volumeField(mount.name),
        message: `PGDATA ${quoted(server.data.path)} is on emptyDir ${quoted(mount.name)}; wanted a claim. Move ${quoted(mount.name)} from volumes to spec.volumeClaimTemplates.`,
        ...(server.family.treatment === 'left-alone' ? { severity: 'warn' } : {}),
      },
    ];
  },
};
