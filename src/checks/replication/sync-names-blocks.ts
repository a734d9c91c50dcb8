import type { EnvironmentValue, PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: synchronous_standby_names in command and args of the Postgres container and in postgres.io/parameters; spec.replicas;
 * what the initialisation commits (postgres.io/replication-secret, POSTGRES_DB, POSTGRES_USER, /docker-entrypoint-initdb.d).
 * Allowed: as many as the set has standbys. Standbys may be of another set, so more of them is a warning; but nobody can follow
 * the temporary server of the initialisation, so that its first commit waits for ever.
 */
export const syncNamesBlocks: Check = {
  id: 'sync-names-blocks',
  severity: 'warn',
  summary: 'Commits wait for more standbys than there are.',
  because:
    'Each commit waits until a standby has it: without that standby all writing stands still. The initialisation commits as well, with nobody there to follow it, and never ends.',
  instead:
    '`postgres.io/synchronous`, which waits for a standby of the set from when it follows; or `postgres.io/backup-synchronous: "on"`, which waits for the backup.',
  examine(workload, { operation }) {
    const { server, replicas, settings } = workload;
    const parameter = server?.parameters.get('synchronous_standby_names');
    if (server === undefined || parameter === undefined || settings.values.role === 'standby') return noObservations;
    // Refused beside that, whatever it says (synchronous-standbys).
    if (settings.values.synchronous > 0) return noObservations;
    const wanted = standbysIn(parameter.value);
    if (wanted === 0) return noObservations;
    const field = parameterField(server, parameter);
    if (operation === 'CREATE' && commitsAtFirst(workload, server)) {
      return [
        {
          field,
          severity: 'deny',
          message: `synchronous_standby_names is ${quoted(parameter.value)}, so the initialisation waits for a standby for ever; wanted it unset at first. Remove it, and once standbys follow: ALTER SYSTEM SET synchronous_standby_names = …`,
        },
      ];
    }
    if (wanted < Math.max(replicas, 1)) return noObservations;
    return [
      {
        field,
        message: `commits wait for ${wanted} ${wanted === 1 ? 'standby' : 'standbys'} (${quoted(parameter.value)}), in a set of ${replicas}; wanted fewer. Remove synchronous_standby_names, or add replicas.`,
      },
    ];
  },
};

/** `FIRST 2 (a, b)`, `ANY 1 (*)`, `2 (a, b)`, `a, b` (one of them); manual 19.6.2. */
function standbysIn(value: string): number {
  const text = value.trim();
  if (text === '') return 0;
  const count = /^(?:(?:first|any)\s+)?([0-9]+)\s*\(/i.exec(text)?.[1];
  return count === undefined ? 1 : Number(count);
}

/** initdb makes the database `postgres` by itself. */
function isOther(variable: EnvironmentValue | undefined): boolean {
  return variable !== undefined && !(variable.kind === 'value' && ['', 'postgres'].includes(variable.value));
}

/** The entrypoint creates POSTGRES_DB, which is called like the user by default; scripts and ours create roles. */
function commitsAtFirst({ settings }: PostgresWorkload, { environment, mounts }: ServerContainer): boolean {
  const { bootstrap, restoreFrom, restoreFromClaim, replicationSecret } = settings.values;
  if (bootstrap === 'restore' || restoreFrom !== undefined || restoreFromClaim !== undefined) return false;
  return (
    replicationSecret !== undefined ||
    isOther(environment.get('POSTGRES_DB')) ||
    isOther(environment.get('POSTGRES_USER')) ||
    mounts.some(({ mountPath }) => mountPath.startsWith('/docker-entrypoint-initdb.d'))
  );
}
