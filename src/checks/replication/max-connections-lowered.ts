import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { standbyLimitDefault, standbyLimits } from '../../workload/standby-limits.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField, parameterField } from '../field-path.ts';
import { countParameter } from '../parameters/parameter-value.ts';

/**
 * Fields: max_connections, max_worker_processes, max_wal_senders, max_prepared_transactions and max_locks_per_transaction before
 * and after; spec.replicas, postgres.io/role.
 * Allowed: on UPDATE, the same or more (PostgreSQL manual 26.4.1); anything without standbys. A rollout begins at the highest ordinal, so the standbys get
 * the lower value while the primary still has the higher one. Where one side leaves it to configuration files: a warning.
 */
export const maxConnectionsLowered: Check = {
  id: 'max-connections-lowered',
  severity: 'deny',
  summary: 'A limit is lowered below the primary that the standbys follow.',
  because:
    'A standby with less than its primary stops with "recovery aborted because of insufficient parameter settings". The rollout waits for it for ever, and there is no standby.',
  instead: 'The old value; to lower it, scale to 1 first, lower it, and scale up again.',
  examineChange({ before, after }) {
    const { server: was } = before;
    const { server: is } = after;
    const hasStandbys = after.replicas > 1 || after.settings.values.role === 'standby';
    if (!hasStandbys || was === undefined || is === undefined) return noObservations;
    return Object.keys(standbyLimits).flatMap((name) => lowered(name, was, is));
  },
};

function lowered(name: string, was: ServerContainer, is: ServerContainer): readonly Observation[] {
  const [written, now] = [countParameter(was, name), countParameter(is, name)];
  if (written === undefined && now === undefined) return noObservations;
  const old = written ?? standbyLimitDefault(name, was.major);
  const next = now ?? standbyLimitDefault(name, is.major);
  if (next >= old) return noObservations;
  const parameter = is.parameters.get(name);
  return [
    {
      field: parameter === undefined ? containerField(is.name, 'args') : parameterField(is, parameter),
      message: `${name} goes from ${old} to ${next}, below the primary's; wanted ${old} or more. Put it back, or scale to 1 first.`,
      ...(written === undefined || now === undefined ? { severity: 'warn' } : {}),
    },
  ];
}
