import { containerIdentity } from '../../injections/container-identity.ts';
import { readSecurity } from '../../workload/effective-security.ts';
import { objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { programName } from '../../workload/launched-program.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { startedPrograms } from '../../workload/started-programs.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { podSpecField } from '../field-path.ts';
import { commandLine } from './data-deciders.ts';

/**
 * Fields: securityContext.fsGroup of the pod; runAsUser, runAsNonRoot, the user of the image. On CREATE: what runs has its volume.
 * Allowed: an fsGroup; a start as root, or an init container as root, which hands the volume over by chown or chmod. Some storage ignores owners, so this only warns.
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
  examine({ server, settings, podSpec }, { operation }) {
    if (server === undefined || operation === 'UPDATE' || server.security.fsGroup !== undefined) return noObservations;
    const kind = server.data.mount?.source.kind;
    if (objectsAt(podSpec, 'initContainers').some((container) => handsOver(container, podSpec, server)))
      return noObservations;
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

/** As root, on the volume of the data: `chown -R 999:999 /data`. Images that nobody says the user of start as root, but for few. */
function handsOver(container: JsonObject, podSpec: JsonObject, server: ServerContainer): boolean {
  const { runAsUser, runAsNonRoot } = readSecurity(container, podSpec);
  if ((runAsUser ?? 0) !== 0 || runAsNonRoot) return false;
  const hasVolume = objectsAt(container, 'volumeMounts').some(
    (mount) => textAt(mount, 'name') === server.data.mount?.name && mount['readOnly'] !== true,
  );
  if (!hasVolume) return false;
  const words = commandLine(container).map((text, argument) => ({ text, argument }));
  return startedPrograms(words).programs.some(({ words: [program] }) =>
    ['chown', 'chmod', 'install'].includes(programName(program?.text)),
  );
}
