import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import type { Injection } from './injection.ts';

/** Kubernetes' own, where the manifest says nothing. */
const kubernetesDefault = 30;

/** What the pod will have. */
export function graceSeconds(workload: PostgresWorkload): number {
  return Math.max(workload.graceSeconds ?? kubernetesDefault, workload.settings.values.stopGrace);
}

export const gracePeriod: Injection = {
  id: 'grace-period',
  summary: 'Time to stop: a checkpoint of a large cache outlives the 30 seconds that Kubernetes gives',

  contribute({ workload }) {
    const wanted = graceSeconds(workload);
    const own = workload.graceSeconds;
    if (own !== undefined && own >= wanted) return { skipped: `${own} seconds are enough` };
    return {
      graceSeconds: wanted,
      reason: `${own ?? kubernetesDefault} seconds may end a shutdown checkpoint half-way; ${wanted} do not`,
    };
  },
};
