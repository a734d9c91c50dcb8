import type { EnvironmentValue } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';

/**
 * Fields: POSTGRES_PASSWORD of the Postgres container before and after.
 * Allowed: on UPDATE, the same Secret and key. What is in the Secret is not known here.
 */
export const passwordEnvDrift: Check = {
  id: 'password-env-drift',
  severity: 'warn',
  summary: 'The password comes from elsewhere, and the database keeps the old one.',
  because:
    'The image reads POSTGRES_PASSWORD once, when it initialises. Afterwards the variable changes what the agent and the applications log in with, not what the server accepts: backups stop where the two differ.',
  instead: '`ALTER ROLE … PASSWORD …` with the new value, before or right after the change.',
  examineChange({ before, after }) {
    const was = before.server?.environment.get('POSTGRES_PASSWORD');
    const is = after.server?.environment.get('POSTGRES_PASSWORD');
    if (after.server === undefined || was === undefined || is === undefined || isSame(was, is)) return noObservations;
    return [
      {
        field: containerField(after.server.name, 'env[POSTGRES_PASSWORD]'),
        message:
          'POSTGRES_PASSWORD changes, and the database keeps the old one; wanted both. Run ALTER ROLE <user> PASSWORD, unless the value is the same.',
      },
    ];
  },
};

function isSame(was: EnvironmentValue, is: EnvironmentValue): boolean {
  if (was.kind === 'secret' && is.kind === 'secret') return was.secret === is.secret && was.key === is.key;
  if (was.kind === 'value' && is.kind === 'value') return was.value === is.value;
  return was.kind === is.kind;
}
