import { listAt } from '../../workload/json.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { opensWithoutPassword } from '../../workload/image-version.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { isTrust } from '../security/trust-auth.ts';

/**
 * Fields: POSTGRES_PASSWORD, POSTGRES_PASSWORD_FILE, POSTGRES_HOST_AUTH_METHOD and envFrom of the Postgres container;
 * postgres.io/bootstrap, restore-from and role. On CREATE: the password is set once.
 * Allowed: a password by any way; a set that begins with a backup or copies a primary. An image that is not known may bring one.
 */
export const passwordMissing: Check = {
  id: 'password-missing',
  severity: 'deny',
  summary: 'A new database has no password for its superuser.',
  because:
    'The image\'s initialisation stops ("superuser password is not specified"), so the pod never starts; one that was built before February 2020 lets everybody in as superuser instead.',
  instead: 'POSTGRES_PASSWORD from a Secret.',
  paste: `env:
  - name: POSTGRES_PASSWORD
    valueFrom:
      secretKeyRef:
        name: <secret>
        key: <key>`,
  examine(workload, { operation }) {
    const { server } = workload;
    if (server === undefined || operation === 'UPDATE' || !isInitialised(workload, server)) return noObservations;
    if (hasPassword(server)) return noObservations;
    return [
      {
        field: containerField(server.name, 'env'),
        message:
          'there is no POSTGRES_PASSWORD: an image does not initialise without, or lets everybody in; wanted one. Add it to env, from a Secret.',
      },
    ];
  },
};

function isInitialised(workload: PostgresWorkload, { family, image }: ServerContainer): boolean {
  // An older image lets everybody in instead, which is for trust-auth to say.
  if (opensWithoutPassword(image, family)) return false;
  return family.officialEntrypoint && family.id !== 'unknown' && !isFilledOtherwise(workload);
}

/** A set that begins with a backup, or copies a primary. */
export function isFilledOtherwise({ settings }: PostgresWorkload): boolean {
  const { bootstrap, restoreFrom, restoreFromClaim, role } = settings.values;
  return bootstrap === 'restore' || restoreFrom !== undefined || restoreFromClaim !== undefined || role === 'standby';
}

export function hasPassword({ environment, container }: ServerContainer): boolean {
  if (listAt(container, 'envFrom').length > 0) return true;
  const method = environment.get('POSTGRES_HOST_AUTH_METHOD');
  if (method !== undefined && (method.kind !== 'value' || isTrust(method.value))) return true;
  return ['POSTGRES_PASSWORD', 'POSTGRES_PASSWORD_FILE'].some((name) => {
    const variable = environment.get(name);
    return variable !== undefined && (variable.kind !== 'value' || variable.value !== '');
  });
}
