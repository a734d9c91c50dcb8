import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';

/**
 * Fields: spec.serviceName.
 * Allowed: the name of a headless Service. It cannot change later, so one replica without is warned about.
 */
export const serviceNameMissing: Check = {
  id: 'service-name-missing',
  severity: 'deny',
  summary: 'The set has no Service that gives its pods names.',
  because: 'The pods have no stable names in DNS, so no standby can be told where the primary is, now or later.',
  instead: 'spec.serviceName with the name of a headless Service.',
  examine({ object, replicas, settings }) {
    if ((textAt(objectAt(object, 'spec'), 'serviceName') ?? '') !== '') return noObservations;
    return [
      {
        field: 'spec.serviceName',
        message: 'serviceName is empty; wanted the name of a headless Service. Write serviceName: <service>.',
        // One server is reached by any Service; what it lacks is room for a second one later.
        ...(replicas < 2 && settings.values.replicationSecret === undefined ? { severity: 'warn' } : {}),
      },
    ];
  },
};
