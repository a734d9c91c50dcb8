import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';

/** What the entrypoint takes as a value or from a file (docker-library/postgres, file_env). */
const variables = ['POSTGRES_PASSWORD', 'POSTGRES_USER', 'POSTGRES_DB', 'POSTGRES_INITDB_ARGS'];

/**
 * Fields: POSTGRES_PASSWORD, _USER, _DB and _INITDB_ARGS of the Postgres container, and the same with _FILE.
 * Allowed: one form of each. An empty literal counts as not set, as the entrypoint has it.
 */
export const passwordAndFile: Check = {
  id: 'password-and-file',
  severity: 'deny',
  summary: 'A variable is set both as a value and as a file.',
  because: 'The entrypoint stops at each start ("both are set, but are exclusive"): the pod never runs.',
  instead: 'One of the two.',
  examine({ server }, surroundings) {
    if (server === undefined || !server.family.officialEntrypoint || server.family.id === 'unknown')
      return noObservations;
    return variables
      .filter((name) => isSet(server, name) && isSet(server, `${name}_FILE`))
      .map((name) => ({
        field: containerField(server.name, `env[${name}_FILE]`),
        message: `${name} and ${name}_FILE are both set, and the entrypoint stops; wanted one. Remove ${name}_FILE.`,
        ...(runsAlready(surroundings) ? { severity: 'warn' } : {}),
      }));
  },
};

function isSet({ environment }: ServerContainer, name: string): boolean {
  const variable = environment.get(name);
  if (variable === undefined) return false;
  // An optional Secret may not be there.
  if (variable.kind === 'secret') return !variable.optional;
  return variable.kind !== 'value' || variable.value !== '';
}
