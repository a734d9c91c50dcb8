import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/backup-claim, spec.replicas.
 * Allowed: one replica; or no backup-claim, so that each replica has a claim of its own from the template; or a claim
 * that is known to be ReadWriteMany. Where it is not known, that has to be said by the escape.
 */
export const backupRwoMultiReplica: Check = {
  id: 'backup-rwo-multi-replica',
  severity: 'deny',
  summary: 'Several replicas have one claim for backups.',
  because:
    'A ReadWriteOnce claim is attached to one node: pods on other nodes wait for it for ever, so there is no standby when it is needed.',
  instead:
    'No backup-claim when the set is created, which gives each replica its own; or a ReadWriteMany claim and the escape.',
  examine({ settings, replicas, namespace }, { facts }) {
    const claim = settings.values.backupClaim;
    if (claim === undefined || replicas < 2 || !settings.values.backup) return noObservations;
    const found = facts.claims.find(namespace, claim);
    if (found.kind === 'present' && found.fact.accessModes.includes('ReadWriteMany')) return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-claim'),
        message: `${replicas} replicas share backup claim ${quoted(claim)} (Multi-Attach error on other nodes); wanted one each, or a ReadWriteMany claim. If it is one, write postgres.io/allow-backup-rwo-multi-replica: "ReadWriteMany".`,
      },
    ];
  },
};
