import { numberAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { execCommands } from './handler-commands.ts';

/**
 * Fields: livenessProbe.timeoutSeconds of the Postgres container, where the probe runs a command.
 * Allowed: 2 or more. Kubernetes' default is 1, and a readiness probe that is late kills nothing.
 */
export const probeTimeout1s: Check = {
  id: 'probe-timeout-1s',
  severity: 'warn',
  summary: 'The command of the liveness probe has one second.',
  because:
    'Starting a process in a throttled container takes that long when the server is busiest; three times late, and a healthy server is killed.',
  instead: 'timeoutSeconds: 5.',
  examine({ server }) {
    const probe = server?.probes.liveness;
    if (server === undefined || probe === undefined || execCommands(probe).length === 0) return noObservations;
    const seconds = numberAt(probe, 'timeoutSeconds');
    if ((seconds ?? 1) > 1) return noObservations;
    return [
      {
        field: containerField(server.name, 'livenessProbe.timeoutSeconds'),
        message: `the liveness command has 1 second${seconds === undefined ? ', the default' : ''}; wanted 5. Write timeoutSeconds: 5.`,
      },
    ];
  },
};
