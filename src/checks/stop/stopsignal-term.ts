import { objectAt, textAt } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';

/**
 * Fields: postgres.io/pre-stop, lifecycle.preStop and lifecycle.stopSignal of the Postgres container, the image's STOPSIGNAL.
 * Allowed: our preStop hook, one of the user's, or an image whose own signal is SIGINT and no stopSignal that says SIGTERM (PostgreSQL manual 18.5:
 * SIGTERM is the smart shutdown, which waits for all sessions to end by themselves). A stopSignal counts for bad alone: a cluster without the
 * feature gate ContainerStopSignals (alpha and off up to Kubernetes 1.37) drops the field in silence.
 */
export const stopsignalTerm: Check = {
  id: 'stopsignal-term',
  severity: 'deny',
  summary: 'Postgres is asked to stop in the way that waits for all clients to leave.',
  because:
    'Pooled connections never leave, so each stop waits for the whole grace period, refuses new sessions meanwhile, and ends in SIGKILL and crash recovery.',
  instead: 'No `postgres.io/pre-stop: "off"`.',
  examine({ server, settings }) {
    if (server === undefined || settings.values.preStop || server.preStop.kind !== 'none') return noObservations;
    const seen = smartShutdownBy(server);
    if (seen === undefined) return noObservations;
    return [
      {
        field: annotationField('postgres.io/pre-stop'),
        message: `postgres.io/pre-stop is "off", and ${seen}, which waits for all clients; wanted a fast shutdown. Remove the annotation.`,
      },
    ];
  },
};

function smartShutdownBy({ container, family }: ServerContainer): string | undefined {
  const written = textAt(objectAt(container, 'lifecycle'), 'stopSignal');
  if (written === 'SIGTERM') return 'the container is stopped by SIGTERM';
  if (family.stopSignal !== 'SIGTERM') return undefined;
  return written === undefined
    ? 'the container is stopped by SIGTERM'
    : `the image is stopped by SIGTERM where the cluster drops stopSignal (feature gate ContainerStopSignals)`;
}
