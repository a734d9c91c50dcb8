import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: major version from the image of the Postgres container, or from postgres.io/version.
 * Allowed: on UPDATE, the same major version (PostgreSQL manual 18.6: minor releases keep the storage format).
 */
export const imageMajorUpgrade: Check = {
  id: 'image-major-upgrade',
  severity: 'deny',
  summary: 'The image is of a newer major version than the data.',
  because:
    'The new server refuses the data directory of the old one, so the database stays down; and where the default PGDATA moved (18) it would look like an empty one.',
  instead:
    'A new set that is filled by pg_dump or logical replication; or pg_upgrade by hand, and the escape with the reason.',
  coversLeftAlone: true,
  examineChange({ before, after }) {
    const was = before.server?.major;
    const is = after.server?.major;
    if (after.server === undefined || was === undefined || is === undefined || !(is > was)) return noObservations;
    return [
      {
        field: containerField(after.server.name, 'image'),
        message: `image ${quoted(after.server.image?.text ?? '')} is PostgreSQL ${is}, and the data is of ${was}; wanted ${was}. Put the image back; to upgrade, dump into a new set, or after pg_upgrade write postgres.io/allow-image-major-upgrade: "<reason>".`,
      },
    ];
  },
};
