import { containerIdentity } from '../../injections/container-identity.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { podSpecField } from '../field-path.ts';

/**
 * Fields: securityContext.fsGroup of the pod; runAsUser, runAsNonRoot, the user of the image. On CREATE: what runs has its volume.
 * Allowed: an fsGroup; a start as root, which hands the volume over. Some storage ignores owners, so this only warns.
 */
export const fsgroupMissingNonroot: Check = {
  id: 'fsgroup-missing-nonroot',
  severity: 'warn',
  summary: 'Nothing makes the new volume writable for the user that Postgres runs as.',
  because:
    'A new file system belongs to root. Without fsGroup, and without root to change the owner, nothing can be initialised or restored there: the pod does not start.',
  instead: 'securityContext.fsGroup of the pod with the gid of Postgres, and fsGroupChangePolicy: OnRootMismatch.',
  paste: `securityContext:
  fsGroup: <gid of Postgres>
  fsGroupChangePolicy: OnRootMismatch`,
  examine({ server, settings }, { operation }) {
    if (server === undefined || operation === 'UPDATE' || server.security.fsGroup !== undefined) return noObservations;
    const kind = server.data.mount?.source.kind;
    const identity = containerIdentity(server, settings.values);
    if (identity.kind === 'root' || (kind !== 'claim-template' && kind !== 'claim')) return noObservations;
    return [
      {
        field: `${podSpecField}.securityContext.fsGroup`,
        message: `uid ${identity.uid} may not write to a new volume, which belongs to root; wanted fsGroup. Write fsGroup: ${identity.gid ?? identity.uid}.`,
      },
    ];
  },
};
