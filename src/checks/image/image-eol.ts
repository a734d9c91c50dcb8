import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';

/** PostgreSQL 14 had its last release on 2026-11-12 (postgresql.org/support/versioning). */
const oldestMaintained = 15;

/**
 * Fields: major version from the image of the Postgres container, or from postgres.io/version.
 * Allowed: majors that still get releases.
 */
export const imageEol: Check = {
  id: 'image-eol',
  severity: 'warn',
  summary: 'This major version of PostgreSQL gets no releases any more.',
  because:
    'Bugs that lose data or let somebody in stay, and its images are not built anew: at some point the tag cannot be pulled.',
  instead: 'A newer major: a new set, filled by pg_dump or logical replication.',
  coversLeftAlone: true,
  examine({ server }) {
    if (server?.major === undefined || server.major >= oldestMaintained) return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `PostgreSQL ${server.major} gets no releases any more; wanted ${oldestMaintained} or newer. Fill a new set by pg_dump.`,
      },
    ];
  },
};
