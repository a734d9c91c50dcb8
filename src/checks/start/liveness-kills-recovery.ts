import { numberAt, objectAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField } from '../field-path.ts';

/** Ten minutes of replay, at 24 segments a second, is 225 GB of WAL; crash recovery needs far less. */
const enoughSeconds = 600;

/**
 * Fields: livenessProbe and startupProbe of the Postgres container, postgres.io/probes.
 * Allowed: no liveness probe by command; or ten minutes before it counts. Recovery refuses connections (pg_isready: 1),
 * while a tcpSocket probe only meets the listening socket, which is there from the start.
 */
export const livenessKillsRecovery: Check = {
  id: 'liveness-kills-recovery',
  severity: 'deny',
  summary: 'A probe restarts the server while it recovers.',
  because:
    'The kubelet kills a server that is still replaying WAL; the next start begins at the same checkpoint and is killed again: the database never comes up.',
  instead:
    'No `postgres.io/probes: "off"`, so that a startup probe with an hour is added; or a startup probe of your own with ten minutes or more.',
  paste: `startupProbe:
  exec:
    command: [pg_isready, -q]
  periodSeconds: 10
  failureThreshold: 360
  timeoutSeconds: 5`,
  examine({ server, settings }) {
    if (server === undefined) return noObservations;
    const { startup, liveness } = server.probes;
    if (startup !== undefined) return startupTooShort(server, startup);
    if (settings.values.probes || liveness === undefined || !isCommand(liveness)) return noObservations;
    const budget = (numberAt(liveness, 'initialDelaySeconds') ?? 0) + budgetOf(liveness);
    if (budget >= enoughSeconds) return noObservations;
    return [
      {
        field: containerField(server.name, 'livenessProbe'),
        message: `the liveness probe kills a recovery after ${budget} s, and there is no startup probe; wanted ${enoughSeconds} s. Remove postgres.io/probes: "off", or add a startupProbe.`,
      },
    ];
  },
};

function startupTooShort(server: ServerContainer, startup: JsonObject): readonly Observation[] {
  const budget = (numberAt(startup, 'initialDelaySeconds') ?? 0) + budgetOf(startup);
  if (!isCommand(startup) || budget >= enoughSeconds) return noObservations;
  return [
    {
      field: containerField(server.name, 'startupProbe'),
      severity: 'warn',
      message: `the startup probe kills a recovery after ${budget} s; wanted ${enoughSeconds} s or more. Raise failureThreshold.`,
    },
  ];
}

function isCommand(probe: JsonObject): boolean {
  return Object.hasOwn(objectAt(probe, 'exec'), 'command');
}

/** Kubernetes' defaults: every 10 s, three times. */
function budgetOf(probe: JsonObject): number {
  return (numberAt(probe, 'periodSeconds') ?? 10) * (numberAt(probe, 'failureThreshold') ?? 3);
}
