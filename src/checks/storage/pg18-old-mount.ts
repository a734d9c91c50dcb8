import type { Mount, ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { mountField } from '../field-path.ts';
import { isHidden } from './hidden-pgdata.ts';
import { quoted } from '../shown-text.ts';

const oldPath = '/var/lib/postgresql/data';

/**
 * Fields: image, volumeMounts and PGDATA of the Postgres container.
 * Allowed: from major 18 on a mount at /var/lib/postgresql, or a PGDATA that is said
 * (docker-library/postgres#1259, #1370: PGDATA became /var/lib/postgresql/18/docker).
 */
export const pg18OldMount: Check = {
  id: 'pg18-old-mount',
  severity: 'deny',
  summary: 'An image of major 18 or newer has its volume where PGDATA was up to 17.',
  because:
    'PGDATA of these images is no longer below that path. The entrypoint stops when it sees the mount; an image whose entrypoint does not look keeps the data in a throw-away volume.',
  instead: 'The mount at /var/lib/postgresql, or PGDATA=/var/lib/postgresql/data/pgdata.',
  examine(workload, surroundings) {
    const { server } = workload;
    if (server === undefined) return noObservations;
    const mount = mountAtOldPath(server);
    if (mount === undefined || isHidden(workload, surroundings)) return noObservations;
    return [
      {
        field: mountField(server, mount),
        message: `PostgreSQL ${String(server.major)} keeps its data in ${quoted(server.data.path)}, and ${quoted(mount.name)} is mounted at ${quoted(oldPath)}; wanted a mount at "/var/lib/postgresql". Move the mount, or set PGDATA to "${oldPath}/pgdata".`,
      },
    ];
  },
};

/** The mount that holds the data up to 17 and misses it from 18 on; undefined where all is well. */
export function mountAtOldPath(server: ServerContainer): Mount | undefined {
  if (server.major === undefined || server.major < 18 || server.data.from !== 'image-family') return undefined;
  if (server.data.path === oldPath || server.data.path.startsWith(`${oldPath}/`)) return undefined;
  return server.mounts.find(({ mountPath }) => mountPath === oldPath);
}
