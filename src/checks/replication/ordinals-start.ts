import { numberAt, objectAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';

/**
 * Fields: spec.ordinals.start, postgres.io/role.
 * Allowed: 0, which is the default; any with a role that does not go by ordinals.
 */
export const ordinalsStart: Check = {
  id: 'ordinals-start',
  severity: 'deny',
  summary: 'There is no ordinal 0, which is the primary.',
  because: 'Every pod is a standby of a primary that does not exist: none of them ever starts.',
  instead: 'No spec.ordinals; or `postgres.io/role`.',
  examine({ object, settings, replicas }) {
    const start = numberAt(objectAt(objectAt(object, 'spec'), 'ordinals'), 'start') ?? 0;
    const { role } = settings.values;
    if (start === 0 || role === 'standby' || (role === 'primary' && replicas < 2)) return noObservations;
    return [
      {
        field: 'spec.ordinals.start',
        message: `ordinals start at ${start}, and ordinal 0 is the primary; wanted 0. Remove spec.ordinals, or write postgres.io/role.`,
      },
    ];
  },
};
