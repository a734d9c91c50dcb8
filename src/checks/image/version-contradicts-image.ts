import { majorFromTag } from '../../workload/image-version.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/version against the tag of the Postgres container's image.
 * Allowed: the major version that the tag tells, or any where it tells none.
 */
export const versionContradictsImage: Check = {
  id: 'version-contradicts-image',
  severity: 'deny',
  summary: 'The annotation gives another major version than the tag of the image.',
  because:
    'The annotation is believed, so a new major version would get past the checks that keep it from the data, and the agent would take the server for another one.',
  instead: 'No `postgres.io/version` where the tag tells it; or the version that is in the image.',
  coversLeftAlone: true,
  examine({ server, settings }) {
    const { version } = settings.values;
    if (version === undefined || server === undefined) return noObservations;
    const major = majorFromTag(server.image, server.family);
    if (major === undefined || major === version) return noObservations;
    return [
      {
        field: annotationField('postgres.io/version'),
        message: `postgres.io/version is "${version}" and image ${quoted(server.image?.text ?? '')} is PostgreSQL ${major}; wanted "${major}". Remove the annotation.`,
      },
    ];
  },
};
