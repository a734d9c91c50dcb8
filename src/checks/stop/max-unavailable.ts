import { objectAt } from '../../workload/json.ts';
import type { Json } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';

/**
 * Fields: spec.updateStrategy.rollingUpdate.maxUnavailable (beta, on in Kubernetes 1.35.0 to 1.35.3 and from 1.37 on), spec.replicas.
 * Allowed: 1, which is the default; any number with one replica. A percentage counts as the pods that it may be at most.
 */
export const maxUnavailable: Check = {
  id: 'max-unavailable',
  severity: 'warn',
  summary: 'A rollout may stop primary and standby at the same time.',
  because:
    'The standby that clients would read from, and that holds what the primary has not written elsewhere, is gone in the same moment: a rollout that fails then leaves nobody. Sessions are cut at all servers together.',
  instead: 'No maxUnavailable, or 1.',
  examine({ object, replicas }) {
    const spec = objectAt(object, 'spec');
    const value = objectAt(objectAt(spec, 'updateStrategy'), 'rollingUpdate')['maxUnavailable'];
    const pods = podsOf(value, replicas);
    if (replicas < 2 || pods < 2) return noObservations;
    return [
      {
        field: 'spec.updateStrategy.rollingUpdate.maxUnavailable',
        message: `maxUnavailable lets ${pods >= replicas ? `all ${replicas}` : `${pods} of ${replicas}`} servers stop at the same time; wanted one. Remove it.`,
      },
    ];
  },
};

function podsOf(value: Json | undefined, replicas: number): number {
  if (typeof value === 'number') return value;
  const percentage = typeof value === 'string' ? /^([0-9]+)%$/.exec(value)?.[1] : undefined;
  return percentage === undefined ? 0 : Math.ceil((Number(percentage) * replicas) / 100);
}
