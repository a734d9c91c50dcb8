import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';

/**
 * Fields: readinessProbe of the Postgres container, postgres.io/probes.
 * Allowed: a probe of your own, or the one that is added without `postgres.io/probes: "off"`.
 */
export const readinessMissing: Check = {
  id: 'readiness-missing',
  severity: 'warn',
  summary: 'There is no readiness probe, and none is added.',
  because:
    'Services send clients to a server that still recovers, and a rollout goes on to the next pod before this one is back: for a while none answers.',
  instead: 'No `postgres.io/probes: "off"`; or a readiness probe of your own.',
  examine({ server, settings }) {
    if (server === undefined || settings.values.probes || server.probes.readiness !== undefined) return noObservations;
    return [
      {
        field: annotationField('postgres.io/probes'),
        message:
          'postgres.io/probes is "off" and there is no readiness probe; wanted one. Remove it, or add a readinessProbe.',
      },
    ];
  },
};
