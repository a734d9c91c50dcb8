import { engineNamed } from '../../engines/registry.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { formatQuantity, parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/backup, backup-claim and backup-storage, spec.volumeClaimTemplates.
 * Allowed: backups that have somewhere to go, or `backup: "off"`. A claim template can be added on CREATE only:
 * spec.volumeClaimTemplates of a set that exists cannot change. Without a data volume there is nothing to back up yet.
 */
export const backupDestinationMissing: Check = {
  id: 'backup-destination-missing',
  severity: 'warn',
  summary: 'Backups are on and have nowhere to go.',
  because: 'Nothing is backed up: when the data volume is lost, the data is.',
  instead: 'An existing claim in `postgres.io/backup-claim`, or an object store in `postgres.io/backup-store`.',
  examine(workload, { operation, injected, facts }) {
    const { server } = workload;
    const { backup, backupClaim, backupEngine } = workload.settings.values;
    if (!backup || backupClaim !== undefined || server?.data.mount === undefined) return noObservations;
    const injectedClaimTemplates = injected?.claimTemplates ?? [];
    const destination = engineNamed(backupEngine).destination({ workload, server, operation, injectedClaimTemplates });
    if (destination.kind !== 'none') return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-claim'),
        message: `nothing is backed up; wanted postgres.io/backup-claim: <claim>. Why: ${destination.reason}${sizeOf(workload, facts)}.`,
      },
    ];
  },
};

/** What is rendered may not depend on another object, but a person may take its size from there. */
function sizeOf({ server, namespace }: PostgresWorkload, facts: ClusterFacts): string {
  const source = server?.data.mount?.source;
  if (source?.kind !== 'claim') return '';
  const claim = facts.claims.find(namespace, source.claimName);
  const room = claim.kind === 'present' ? parseQuantity(claim.fact.storage ?? '') : undefined;
  return room === undefined
    ? ''
    : `, ${formatQuantity(2 * room)} say: the claim ${quoted(source.claimName)} has ${formatQuantity(room)}`;
}
