import { newestMajor } from '../../workload/newest-major.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';

/**
 * Fields: major version from the image of the Postgres container, or from postgres.io/version.
 * Allowed: majors that the agent of this release has the programs for; with an agent image of one's own the escape says so.
 */
export const imageNewerThanAgent: Check = {
  id: 'image-newer-than-agent',
  severity: 'deny',
  summary: 'The server is newer than the agent that is to back it up.',
  because:
    'A server turns away backup programs that are older than it is, and the agent cannot read its control file: nothing is backed up, and the next start of the pod stops.',
  instead: `PostgreSQL ${newestMajor} or older, or a newer release of pgusher and its agent image.`,
  examine({ server }) {
    if (server?.major === undefined || server.major <= newestMajor) return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `PostgreSQL ${server.major} is newer than the agent, which has PostgreSQL ${newestMajor}; wanted ${newestMajor} or older. Take an older image, or a newer pgusher; with an agent of your own write postgres.io/allow-image-newer-than-agent: "<its PostgreSQL>".`,
      },
    ];
  },
};
