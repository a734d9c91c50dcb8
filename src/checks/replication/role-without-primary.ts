import { objectAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { namedOf } from './primary-address.ts';

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

/** Ordinal 0 is the primary of its own set, but for role standby; the set's Service always may be the asking pod. */
function isOwnPod({ name, namespace, object, settings }: PostgresWorkload, primary: string): boolean {
  const service = textAt(objectAt(object, 'spec'), 'serviceName') ?? '';
  const named = namedOf({ name, service }, namespace, primary);
  return named !== undefined && (named !== 0 || settings.values.role === 'standby');
}
