import { listAt, objectAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { podSpecField } from '../field-path.ts';

/**
 * Fields: spec.replicas, spec.template.spec.affinity.podAntiAffinity, topologySpreadConstraints.
 * Allowed: one replica; or any rule of the one kind or the other. The scheduler's own default bears three pods of a set on
 * one node (maxSkew 3 by host name).
 */
export const antiAffinityMissing: Check = {
  id: 'anti-affinity-missing',
  severity: 'warn',
  summary: 'Nothing keeps primary and standbys on different nodes.',
  because: 'One node that fails takes the primary and the standby that was to replace it.',
  instead: 'podAntiAffinity by kubernetes.io/hostname, or topologySpreadConstraints.',
  paste: `affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels: <labels of the pods>`,
  examine({ replicas, podSpec }) {
    if (replicas < 2 || isSpread(podSpec)) return noObservations;
    return [
      {
        field: `${podSpecField}.affinity`,
        message: `${replicas} replicas may all be on one node; wanted them apart. Add podAntiAffinity with topologyKey kubernetes.io/hostname, or topologySpreadConstraints.`,
      },
    ];
  },
};

function isSpread(podSpec: JsonObject): boolean {
  const rules = objectAt(objectAt(podSpec, 'affinity'), 'podAntiAffinity');
  return (
    listAt(podSpec, 'topologySpreadConstraints').length > 0 ||
    listAt(rules, 'requiredDuringSchedulingIgnoredDuringExecution').length > 0 ||
    listAt(rules, 'preferredDuringSchedulingIgnoredDuringExecution').length > 0
  );
}
