import { dataDirectoryChange } from '../../injections/data-directory.ts';
import { variableByReference } from '../../workload/variable-by-reference.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { dataDirectoryField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: PGDATA against the volumeMounts of the Postgres container.
 * Allowed: a directory below the mount (PostgreSQL manual 18.2.1: a mount point should not be the data directory).
 * Where a set is created, PGDATA is moved there, and this says so; one that exists stays where its data is.
 */
export const pgdataAtMountRoot: Check = {
  id: 'pgdata-at-mount-root',
  severity: 'warn',
  summary: 'PGDATA is the root of its mount.',
  because:
    'The lost+found of a new file system makes initdb fail, the mode of the directory belongs to the volume and not to Postgres, and a restore cannot be put in place in one step.',
  instead: 'PGDATA=<mount>/pgdata. A set that is created gets it by itself; one that exists keeps its place.',
  examine(workload, { operation, facts }) {
    const { server } = workload;
    const mount = server?.data.mount;
    if (operation === 'UPDATE' || server === undefined || mount === undefined || !server.data.atMountRoot) {
      return noObservations;
    }
    const { path, from } = server.data;
    // Not known to be there, or known not to be (check `pgdata-unknown`).
    const isElsewhere =
      from === 'image-family' && variableByReference('PGDATA', server, workload, facts).kind !== 'absent';
    if (isElsewhere) return noObservations;
    const becomes = dataDirectoryChange(server, 'CREATE', undefined).path;
    const subPath = mount.subPath ?? mount.subPathExpr;
    // A folder of the volume has no lost+found, but it is a mount all the same: nothing can be renamed into its place.
    const place =
      subPath === undefined
        ? `the root of ${quoted(mount.name)}`
        : `itself the mount of folder ${quoted(subPath)} of ${quoted(mount.name)}`;
    const below = quoted(path === '/' ? '/pgdata' : `${path}/pgdata`);
    return [
      {
        field: dataDirectoryField(server),
        message:
          becomes === path
            ? `PGDATA is ${place} and stays there; wanted ${below}.`
            : `PGDATA is ${place}; wanted ${below}, and it becomes that.`,
      },
    ];
  },
};
