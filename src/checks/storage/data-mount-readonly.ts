import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { Mount, ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { mountField, volumeField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { mayLieElsewhere } from './hidden-pgdata.ts';

/**
 * Fields: readOnly of the mount under PGDATA, and persistentVolumeClaim.readOnly of its volume.
 * Allowed: both absent or false; other mounts of the container are as they like.
 */
export const dataMountReadonly: Check = {
  id: 'data-mount-readonly',
  severity: 'deny',
  summary: 'The volume under PGDATA cannot be written.',
  because:
    'The server does not start (it writes postmaster.pid first), while what is injected may still write: it restores or initialises a database that nobody can open.',
  instead: 'The mount without readOnly.',
  examine(workload, surroundings) {
    const { server, podSpec } = workload;
    const mount = server?.data.mount;
    if (server === undefined || mount === undefined) return noObservations;
    const seen = mount.readOnly ? [ofMount(server, mount)] : ofClaim(podSpec, mount);
    return seen.length === 0 || mayLieElsewhere(workload, surroundings) ? noObservations : seen;
  },
};

function ofMount(server: ServerContainer, mount: Mount): Observation {
  return {
    field: `${mountField(server, mount)}.readOnly`,
    message: `the mount of PGDATA ${quoted(server.data.path)} is readOnly; wanted one that can be written. Remove readOnly.`,
  };
}

function ofClaim(podSpec: JsonObject, mount: Mount): readonly Observation[] {
  if (mount.source.kind !== 'claim') return noObservations;
  const volume = objectsAt(podSpec, 'volumes').find((candidate) => textAt(candidate, 'name') === mount.name);
  if (objectAt(volume, 'persistentVolumeClaim')['readOnly'] !== true) return noObservations;
  return [
    {
      field: `${volumeField(mount.name)}.persistentVolumeClaim.readOnly`,
      message: `volume ${quoted(mount.name)} under PGDATA is readOnly; wanted one that can be written. Remove readOnly.`,
    },
  ];
}
