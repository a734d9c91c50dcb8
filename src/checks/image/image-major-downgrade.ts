import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: major version from the image of the Postgres container, or from postgres.io/version.
 * Allowed: on UPDATE, the same major version (PostgreSQL manual 18.6: minor releases keep the storage format).
 */
export const imageMajorDowngrade: Check = {
  id: 'image-major-downgrade',
  severity: 'deny',
  summary: 'The image is of an older major version than the data.',
  because:
    'No server reads the data directory of a newer major version: the database stays down until the image is back.',
  instead: 'The image that the data was written by.',
  coversLeftAlone: true,
  examineChange({ before, after }) {
    const was = before.server?.major;
    const is = after.server?.major;
    if (after.server === undefined || was === undefined || is === undefined || !(is < was)) return noObservations;
    return [
      {
        field: containerField(after.server.name, 'image'),
        message: `image ${quoted(after.server.image?.text ?? '')} is PostgreSQL ${is}, and the data is of ${was}; wanted ${was}. Put the image back.`,
      },
    ];
  },
};
