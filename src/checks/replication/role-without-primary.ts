import type { EngineContext } from '../../engines/engine.ts';
import { engineNamed } from '../../engines/registry.ts';
import { objectAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { namedOf } from './primary-address.ts';

/**
 * Fields: postgres.io/role, primary and replication-secret; metadata.name and spec.serviceName; postgres.io/restore-from, restore-from-claim,
 * backup-claim and backup-prefix.
 * Allowed: role standby with the address of a primary outside the set, and the Secret to log in with; role standby with another set's backups,
 * which need no login.
 */
export const roleWithoutPrimary: Check = {
  id: 'role-without-primary',
  severity: 'deny',
  summary: 'A standby has nothing to follow, or follows itself.',
  because: 'It copies from nowhere and never starts, or follows its own WAL: there is no standby when it is needed.',
  instead:
    "`postgres.io/primary` with host and port of the primary, and `postgres.io/replication-secret`; or `postgres.io/restore-from` and `restore-from-claim` with another set's backups.",
  examine(workload, { operation, injected }) {
    const { role, primary, replicationSecret } = workload.settings.values;
    if (primary !== undefined && isOwnPod(workload, primary)) return [followsItself(primary, role)];
    if (role !== 'standby') return noObservations;
    if (primary === undefined) return ofArchive(workload, operation, injected?.claimTemplates ?? []);
    return replicationSecret === undefined
      ? [missing('replication-secret', 'a Secret to log in with', '<Secret with username and password>')]
      : noObservations;
  },
};

/** Without a primary. A claim that is not known is told by restore-source-missing. */
function ofArchive(
  workload: PostgresWorkload,
  operation: EngineContext['operation'],
  injectedClaimTemplates: EngineContext['injectedClaimTemplates'],
): readonly Observation[] {
  const { server, settings } = workload;
  const { backupEngine, restoreFrom, restoreFromClaim } = settings.values;
  if (server === undefined) return noObservations;
  const engine = engineNamed(backupEngine);
  const context = { workload, server, operation, injectedClaimTemplates };
  if (engine.source(context, engine.destination(context)) !== undefined) return noObservations;
  if (restoreFrom === undefined && restoreFromClaim === undefined) {
    return [
      {
        field: annotationField('postgres.io/primary'),
        message:
          'postgres.io/role is "standby" without postgres.io/primary; wanted the address of the primary, or another set\'s backups to follow. Write postgres.io/primary: <host>:5432, or postgres.io/restore-from: <namespace>/<name> and postgres.io/restore-from-claim: <its claim for backups>.',
      },
    ];
  }
  const setting = restoreFrom === undefined ? 'restore-from-claim' : 'restore-from';
  return [
    {
      field: annotationField(`postgres.io/${setting}`),
      message: `postgres.io/role is "standby", and postgres.io/${setting} ${quoted(restoreFrom ?? restoreFromClaim ?? '')} leads to the folder of this set's own backups; wanted those of the set that it follows. Write postgres.io/restore-from: <namespace>/<name> of that one, and give this set a postgres.io/backup-prefix of its own, or none.`,
    },
  ];
}

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
