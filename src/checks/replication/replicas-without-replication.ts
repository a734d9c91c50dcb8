import type { StartForm } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { isCopiedByScript } from '../start/copied-by-script.ts';

/**
 * Fields: spec.replicas, postgres.io/replication-secret, postgres.io/role.
 * Allowed: one replica; or several, of which ordinal 0 (or a primary elsewhere) is followed by the others. Where a script of the object
 * copies them they are no databases of their own: what takes the script's place is told by the checks that refuse it.
 */
export const replicasWithoutReplication: Check = {
  id: 'replicas-without-replication',
  severity: 'deny',
  summary: 'Several replicas, each of which would be a database of its own.',
  because:
    'Every ordinal initialises its own database behind one Service: writes go to one of them by chance, and reads disagree.',
  instead: '`postgres.io/replication-secret` and no `role: primary`; or replicas: 1.',
  examine(workload) {
    const { replicas, settings, server } = workload;
    if (replicas < 2) return noObservations;
    const { role, replicationSecret } = settings.values;
    if (role === 'primary') {
      return [
        {
          field: annotationField('postgres.io/role'),
          message: `postgres.io/role is "primary" for all ${replicas} replicas; wanted one primary. Remove the annotation, or write replicas: 1.`,
        },
      ];
    }
    if (replicationSecret !== undefined || isCopiedByScript(workload)) return noObservations;
    // An own build or a program of one's own may make standbys by itself.
    if (server !== undefined && (server.family.id === 'unknown' || isUnknownStart(server.start))) {
      return [
        {
          field: 'spec.replicas',
          message: `replicas is ${replicas}, and nothing here tells who follows whom; wanted postgres.io/replication-secret. Write it where the image makes no standbys itself, else replicas: 1.`,
        },
      ];
    }
    return [
      {
        field: 'spec.replicas',
        message: `replicas is ${replicas} without replication, which makes ${replicas} separate databases; wanted 1. Write replicas: 1, or postgres.io/replication-secret: <Secret with username and password>.`,
      },
    ];
  },
};

/** What is run cannot be read here (`start-unknown`). */
function isUnknownStart(start: StartForm): boolean {
  return start.kind === 'other' || (start.kind === 'shell' && (start.problem !== undefined || !start.startsServer));
}
