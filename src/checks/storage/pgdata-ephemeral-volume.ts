import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { claimTemplateSnippet } from '../claims/claim-template-snippet.ts';
import type { VolumeSource } from '../../workload/postgres-workload.ts';
import { volumeField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { mayLieElsewhere } from './hidden-pgdata.ts';

/**
 * Fields: spec.template.spec.volumes[*].ephemeral, .csi, .gitRepo and .image under PGDATA.
 * Allowed: volumes that are not made and deleted with the pod (Kubernetes documentation, "Ephemeral Volumes").
 */
export const pgdataEphemeralVolume: Check = {
  id: 'pgdata-ephemeral-volume',
  severity: 'deny',
  summary: 'PGDATA is on a volume that is made for the pod and deleted with it.',
  because:
    'The claim of a generic ephemeral volume belongs to the pod: when the pod is deleted, the claim and the disk behind it are too. An in-line CSI volume has no claim at all.',
  instead: 'The same claim as a template in spec.volumeClaimTemplates, which belongs to the StatefulSet.',
  paste: claimTemplateSnippet,
  examine(workload, surroundings) {
    const { server } = workload;
    const mount = server?.data.mount;
    if (server === undefined || mount === undefined) return noObservations;
    const kind = ephemeralKind(mount.source);
    if (kind === undefined || mayLieElsewhere(workload, surroundings)) return noObservations;
    return [
      {
        field: volumeField(mount.name),
        message: `PGDATA ${quoted(server.data.path)} is on ${kind} volume ${quoted(mount.name)}, which goes with the pod; wanted a claim. Move ${quoted(mount.name)} from volumes to spec.volumeClaimTemplates.`,
      },
    ];
  },
};

const ephemeralTypes: ReadonlySet<string> = new Set(['csi', 'gitRepo', 'image']);

function ephemeralKind(source: VolumeSource): string | undefined {
  if (source.kind === 'ephemeral') return 'ephemeral';
  return source.kind === 'other' && ephemeralTypes.has(source.type) ? source.type : undefined;
}
