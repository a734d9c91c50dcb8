import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { dataDirectoryField } from '../field-path.ts';
import { claimMounts, isOutsideMounts } from './pgdata-no-volume.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: PGDATA (environment, `-D`, `postgres.io/data-directory`) against the volumeMounts of the Postgres container.
 * Allowed: a PGDATA at or below the mount path of a claim.
 */
export const pgdataOutsideMount: Check = {
  id: 'pgdata-outside-mount',
  severity: 'deny',
  summary: 'PGDATA was moved to a directory that none of the mounts covers.',
  because:
    'The claim stays empty and the data lives in the container layer: it is gone when the container is created anew.',
  instead: 'A PGDATA below the mount path of the claim, or a mount path above PGDATA.',
  examine({ server }) {
    if (server === undefined || !isOutsideMounts(server)) return noObservations;
    const paths = claimMounts(server).map(({ mountPath }) => quoted(mountPath));
    const [first = ''] = claimMounts(server).map(({ mountPath }) => mountPath);
    return [
      {
        field: dataDirectoryField(server),
        message: `PGDATA is ${quoted(server.data.path)}; wanted a directory below ${listed(paths)}, where the claims are mounted. Write ${quoted(`${first}/pgdata`)}.`,
      },
    ];
  },
};
