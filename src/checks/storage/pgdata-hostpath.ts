import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { claimTemplateSnippet } from '../claims/claim-template-snippet.ts';
import { volumeField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { mayLieElsewhere } from './hidden-pgdata.ts';

/**
 * Fields: spec.template.spec.volumes[*].hostPath under PGDATA.
 * Allowed: a claim; a disk of the node is a local PersistentVolume behind a claim, which binds the pod to its node.
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
