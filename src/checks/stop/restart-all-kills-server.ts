import { objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField } from '../field-path.ts';
import type { ContainerList } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: restartPolicyRules of all containers and init containers (RestartAllContainers is beta and on since Kubernetes 1.36).
 * Allowed: rules whose action is Restart.
 */
export const restartAllKillsServer: Check = {
  id: 'restart-all-kills-server',
  severity: 'deny',
  summary: 'The end of another container kills Postgres.',
  because:
    'RestartAllContainers ends all containers of the pod at once, without preStop hook and with two seconds of grace (kubernetes, kuberuntime_manager.go): each time a crash recovery, and the last WAL has not left the pod.',
  instead: 'The action Restart, which starts that container alone.',
  examine({ podSpec }) {
    return joined(observe(podSpec, 'initContainers'), observe(podSpec, 'containers'));
  },
};

function observe(podSpec: JsonObject, list: ContainerList): readonly Observation[] {
  const containers = objectsAt(podSpec, list).filter((container) =>
    objectsAt(container, 'restartPolicyRules').some((rule) => textAt(rule, 'action') === 'RestartAllContainers'),
  );
  if (containers.length === 0) return noObservations;
  return containers.map((container) => {
    const name = textAt(container, 'name') ?? '';
    return {
      field: containerField(name, 'restartPolicyRules', list),
      message: `a rule of container ${quoted(name)} is RestartAllContainers, which kills Postgres; wanted the action Restart, which starts that container alone.`,
    };
  });
}
