import { replicationLoginIn } from '../../workload/replication-login.ts';
import { superuserName } from '../../workload/superuser-name.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/replication-secret with the username in that Secret; POSTGRES_USER and POSTGRES_USER_FILE of the Postgres container.
 * Allowed: another name than the superuser's; names that are not known here. Both are known where one key of one Secret is both, and
 * where ConfigMap and Secret are in the files that are checked: of the Secrets of a cluster pgusher reads names alone.
 */
export const replicationRoleIsSuperuser: Check = {
  id: 'replication-role-is-superuser',
  severity: 'deny',
  summary: 'The role for replication is the superuser.',
  because:
    'pgusher never changes a role that it did not make, so every copy logs in as the superuser with the password of this Secret: where that is another one no standby and no backup ever begins, and where it is the same one, each pod that only copies may do everything.',
  instead: 'A username of its own in the Secret; the role is made by pgusher.',
  examine(workload, { facts }) {
    const { replicationSecret } = workload.settings.values;
    const superuser = superuserName(workload, facts);
    if (replicationSecret === undefined || superuser === undefined) return noObservations;
    const found = facts.secrets.find(workload.namespace, replicationSecret);
    const fact = found.kind === 'present' ? found.fact : undefined;
    const { from } = superuser;
    const [key] = replicationLoginIn(fact?.keys ?? (from === undefined ? [] : [from.key]));
    const username = fact?.userNames[key]?.replace(/\n+$/, '');
    const isSameKey = from?.name === replicationSecret && from.key === key;
    if (!isSameKey && (username === undefined || username !== superuser.name)) return noObservations;
    const seen =
      username === undefined ? 'is the key that POSTGRES_USER is read from' : `is ${quoted(username)}, the superuser's`;
    return [
      {
        field: annotationField('postgres.io/replication-secret'),
        message: `the username of Secret ${quoted(replicationSecret)} ${seen}; wanted a role of its own. Write another username, in a Secret for replication alone: pgusher makes the role.`,
      },
    ];
  },
};
