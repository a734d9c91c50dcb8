import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';

/**
 * Fields: postgres.io/pre-stop, lifecycle.preStop and lifecycle.stopSignal of the Postgres container, the image's STOPSIGNAL.
 * Allowed: our preStop hook, one of the user's, or a stop signal that is SIGINT (PostgreSQL manual 18.5: SIGTERM is the
 * smart shutdown, which waits for all sessions to end by themselves).
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
    const signal = textAt(objectAt(server.container, 'lifecycle'), 'stopSignal') ?? server.family.stopSignal;
    if (signal !== 'SIGTERM') return noObservations;
    return [
      {
        field: annotationField('postgres.io/pre-stop'),
        message:
          'postgres.io/pre-stop is "off", and the container is stopped by SIGTERM, which waits for all clients; wanted a fast shutdown. Remove the annotation.',
      },
    ];
  },
};
