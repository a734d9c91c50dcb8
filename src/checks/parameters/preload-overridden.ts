import type { FamilyId } from '../../workload/image-family.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: shared_preload_libraries in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: lists that hold what the image's own configuration has; the parameter replaces that list. Of Supabase's long list
 * only what its own functions cannot do without is asked for.
 */
export const preloadOverridden: Check = {
  id: 'preload-overridden',
  severity: 'deny',
  summary: 'shared_preload_libraries leaves out what the image loads.',
  because:
    'The list replaces that of the image. The extensions of the image refuse to work without being loaded: its initialisation fails, and in an existing database every session that meets them does.',
  instead: 'The libraries of the image, and yours after them.',
  examine({ server }, surroundings) {
    const parameter = server?.parameters.get('shared_preload_libraries');
    const needed = server === undefined ? undefined : neededBy[server.family.id];
    if (server === undefined || parameter === undefined || needed === undefined) return noObservations;
    const loaded = librariesOf(parameter.value);
    const missing = needed.filter((library) => !loaded.includes(library));
    if (missing.length === 0) return noObservations;
    return [
      {
        field: parameterField(server, parameter),
        message: `shared_preload_libraries is without ${listed(missing)}; wanted ${missing.length > 1 ? 'them' : 'it'} in ${quoted(parameter.value)}. ${how(server.family.id, [...missing, ...loaded])}`,
        ...(server.family.id === 'supabase' || runsAlready(surroundings) ? { severity: 'warn' } : {}),
      },
    ];
  },
};

const neededBy: Partial<Readonly<Record<FamilyId, readonly string[]>>> = {
  timescaledb: ['timescaledb'],
  'timescaledb-ha': ['timescaledb'],
  supabase: ['pg_net', 'pg_cron'],
  immich: ['vchord'],
  age: ['age'],
};

/** Supabase's list is longer than what is asked for here. */
function how(family: FamilyId, libraries: readonly string[]): string {
  return family === 'supabase'
    ? "Take the image's own list (SHOW shared_preload_libraries) and add yours."
    : `Write ${libraries.join(',')}.`;
}

/** File names without path and suffix, as load_libraries() takes them. */
function librariesOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((library) => library.trim().replace(/^["']|["']$/g, ''))
    .filter((library) => library !== '')
    .map((library) => library.slice(library.lastIndexOf('/') + 1).replace(/\.so$/, ''));
}
