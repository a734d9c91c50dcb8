import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { objectAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { claimTemplateSnippet } from '../claims/claim-template-snippet.ts';
import { volumeField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { boundVolume } from './bound-volume.ts';
import { mayLieElsewhere } from './hidden-pgdata.ts';

/**
 * Fields: spec.template.spec.volumes[*].hostPath under PGDATA; in files, the PersistentVolume that the claim is bound to.
 * Allowed: a claim; a disk of the node is a local PersistentVolume behind a claim, which binds the pod to its node. A hostPath behind a claim is
 * a warning, since it holds where there is one node; none where the volume or the pod says its node.
 */
export const pgdataHostpath: Check = {
  id: 'pgdata-hostpath',
  severity: 'deny',
  summary: 'PGDATA is a directory of the node (hostPath).',
  because:
    'A pod that moves to another node finds an empty or a foreign directory there, and any other pod can mount the same one: data that looks lost, or two servers in one data directory.',
  instead: 'A claim template; for a disk of the node, one of a class for local volumes.',
  paste: claimTemplateSnippet,
  examine(workload, surroundings) {
    const { server } = workload;
    const mount = server?.data.mount;
    if (mount?.source.kind === 'claim' || mount?.source.kind === 'claim-template')
      return behindClaim(workload, surroundings.facts);
    if (server === undefined || mount?.source.kind !== 'hostPath') return noObservations;
    if (mayLieElsewhere(workload, surroundings)) return noObservations;
    return [
      {
        field: volumeField(mount.name),
        message: `PGDATA ${quoted(server.data.path)} is on hostPath ${quoted(mount.source.path)}; wanted a claim. Move ${quoted(mount.name)} from volumes to spec.volumeClaimTemplates.`,
      },
    ];
  },
};

function behindClaim(workload: PostgresWorkload, facts: ClusterFacts): readonly Observation[] {
  const bound = boundVolume(workload, facts);
  if (bound?.volume.kind !== 'hostPath' || bound.volume.isOfSomeNodes || isOfOneNode(workload)) return noObservations;
  const { field, volume } = bound;
  return [
    {
      field,
      severity: 'warn',
      message: `PersistentVolume ${quoted(volume.name)} is hostPath ${quoted(volume.path)} of any node; wanted one node. Write local and nodeAffinity in place of hostPath.`,
    },
  ];
}

/** The pod is bound to its node by itself. */
function isOfOneNode({ podSpec }: PostgresWorkload): boolean {
  const affinity = objectAt(objectAt(podSpec, 'affinity'), 'nodeAffinity');
  return (
    textAt(podSpec, 'nodeName') !== undefined ||
    Object.keys(objectAt(podSpec, 'nodeSelector')).length > 0 ||
    'requiredDuringSchedulingIgnoredDuringExecution' in affinity
  );
}
