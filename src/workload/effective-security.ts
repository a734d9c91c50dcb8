import type { Json, JsonObject } from './json.ts';
import { numberAt, objectAt } from './json.ts';
import type { EffectiveSecurity } from './postgres-workload.ts';

/** Container-level securityContext over the pod's, field by field, as the kubelet combines them. */
export function readSecurity(container: JsonObject, podSpec: JsonObject): EffectiveSecurity {
  const own = objectAt(container, 'securityContext');
  const pod = objectAt(podSpec, 'securityContext');
  return {
    runAsUser: numberAt(own, 'runAsUser') ?? numberAt(pod, 'runAsUser'),
    runAsGroup: numberAt(own, 'runAsGroup') ?? numberAt(pod, 'runAsGroup'),
    runAsNonRoot: booleanOf(own['runAsNonRoot']) ?? booleanOf(pod['runAsNonRoot']) ?? false,
    fsGroup: numberAt(pod, 'fsGroup'),
    privileged: own['privileged'] === true,
    readOnlyRootFilesystem: own['readOnlyRootFilesystem'] === true,
    container: own,
    pod,
  };
}

function booleanOf(value: Json | undefined): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}
