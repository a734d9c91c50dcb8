import type { FamilyId } from '../../workload/image-family.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { mountField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

const directory = '/docker-entrypoint-initdb.d';

/**
 * Fields: volumeMounts of the Postgres container. On CREATE: the scripts run once.
 * Allowed: files mounted into the folder one by one (subPath); the folder itself where the image has nothing in it.
 */
export const userInitdbMount: Check = {
  id: 'user-initdb-mount',
  severity: 'warn',
  summary: "A mount hides the image's own initialisation scripts.",
  because:
    'The extensions that the image is there for are not created in a new database; scripts and restores that need them fail.',
  instead: 'A mount for each file, by subPath; or a script of your own that does what the hidden ones do.',
  paste: `volumeMounts:
  - name: <volume>
    mountPath: /docker-entrypoint-initdb.d/<file>
    subPath: <file>`,
  examine({ server, settings }, { operation }) {
    if (server === undefined || operation === 'UPDATE' || !hasScripts.has(server.family.id)) return noObservations;
    if (settings.values.bootstrap === 'restore') return noObservations;
    const mount = server.mounts.find(({ mountPath }) => mountPath === directory);
    if (mount === undefined) return noObservations;
    return [
      {
        field: mountField(server, mount),
        message: `${quoted(mount.name)} hides the scripts of the image in ${directory}; wanted its files beside them. Write mountPath: ${directory}/<file> and subPath: <file>.`,
      },
    ];
  },
};

/** PostGIS and TimescaleDB create their extensions there, Supabase its schemas and roles. */
const hasScripts: ReadonlySet<FamilyId> = new Set([
  'postgis',
  'postgis-alpine',
  'timescaledb',
  'timescaledb-ha',
  'supabase',
]);
