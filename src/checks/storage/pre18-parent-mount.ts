import { isWithin } from '../../workload/absolute-path.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { mountField } from '../field-path.ts';
import { isHidden } from './hidden-pgdata.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image, volumeMounts and PGDATA of the Postgres container.
 * Allowed: up to major 17 a mount at /var/lib/postgresql/data itself, or a PGDATA beside it. The image declares a
 * VOLUME there, and the runtime mounts a throw-away directory for it over whatever lies above.
 */
export const pre18ParentMount: Check = {
  id: 'pre18-parent-mount',
  severity: 'deny',
  summary: 'A volume that the image declares hides the claim under PGDATA.',
  because:
    'The claim is mounted one level too high: the runtime puts an anonymous volume between it and PGDATA. Everything works until the container is created anew; then the database is empty.',
  instead:
    'The mount at the declared path itself (/var/lib/postgresql/data up to 17), or a PGDATA elsewhere on the claim.',
  examine(workload, surroundings) {
    const { server } = workload;
    const mount = server?.data.mount;
    if (server === undefined || mount === undefined || !server.data.shadowedByImageVolume) return noObservations;
    if (isHidden(workload, surroundings)) return noObservations;
    const { family, major, data } = server;
    const volume = family.volumes(major).find((path) => isWithin(data.path, path) && isWithin(path, mount.mountPath));
    return [
      {
        field: mountField(server, mount),
        message: `${quoted(mount.name)} is mounted at ${quoted(mount.mountPath)}, but the image puts a throw-away volume over PGDATA ${quoted(data.path)}; wanted the mount there. Write mountPath: ${volume ?? quoted(data.path)}.`,
      },
    ];
  },
};
