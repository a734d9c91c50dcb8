import { objectAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/role, primary and replication-secret; metadata.name and spec.serviceName.
 * Allowed: role standby with the address of a primary outside the set, and the Secret to log in with.
 */
export const roleWithoutPrimary: Check = {
  id: 'role-without-primary',
  severity: 'deny',
  summary: 'A standby has no primary, or itself as primary.',
  because: 'It copies from nowhere and never starts, or follows its own WAL: there is no standby when it is needed.',
  instead: '`postgres.io/primary` with host and port of the primary, and `postgres.io/replication-secret`.',
  examine(workload) {
    const { role, primary, replicationSecret } = workload.settings.values;
    if (primary !== undefined && isOwnPod(workload, primary)) return [followsItself(primary, role)];
    if (role !== 'standby') return noObservations;
    return [
      ...(primary === undefined ? [missing('primary', 'the address of the primary', '<host>:5432')] : []),
      ...(replicationSecret === undefined
        ? [missing('replication-secret', 'a Secret to log in with', '<Secret with username and password>')]
        : []),
    ];
  },
};

function missing(setting: string, wanted: string, example: string): Observation {
  return {
    field: annotationField(`postgres.io/${setting}`),
    message: `postgres.io/role is "standby" without postgres.io/${setting}; wanted ${wanted}. Write postgres.io/${setting}: ${example}.`,
  };
}

function followsItself(primary: string, role: string): Observation {
  const how =
    role === 'standby' ? 'Write the address of another set.' : 'Remove the annotation: the standbys follow ordinal 0.';
  return {
    field: annotationField('postgres.io/primary'),
    message: `postgres.io/primary is ${quoted(primary)}, which is this set; wanted another server. ${how}`,
  };
}

/**
 * `orders-1.orders.shop.svc.cluster.local:5432`, and shorter. Ordinal 0 is the primary of its own set, but for role
 * standby; the set's Service answers with any pod, so it always may be the asking one.
 */
function isOwnPod({ name, namespace, object, settings }: PostgresWorkload, primary: string): boolean {
  const host = primary.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();
  const [first = '', ...rest] = host.split('.');
  const service = textAt(objectAt(object, 'spec'), 'serviceName') ?? '';
  if (first === service && service !== '') return isInNamespace(rest, namespace);
  const ordinal = first.startsWith(`${name}-`) ? first.slice(name.length + 1) : '';
  if (!/^\d+$/.test(ordinal) || (ordinal === '0' && settings.values.role !== 'standby')) return false;
  return rest.length === 0 || (rest[0] === service && isInNamespace(rest.slice(1), namespace));
}

/** What follows the Service's name: nothing, the namespace, `svc`, the cluster's domain. */
function isInNamespace([namespace, svc]: readonly string[], own: string): boolean {
  return namespace === undefined || (namespace === own && (svc === undefined || svc === 'svc'));
}
