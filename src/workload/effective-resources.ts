import { isObject, objectAt } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import type { EffectiveResources } from './postgres-workload.ts';
import { parseQuantity } from './quantity.ts';

/** `resources` of the container and of its pod (spec.resources, on since Kubernetes 1.34) as they count together. */
export function readResources(container: JsonObject, podSpec: JsonObject): EffectiveResources {
  const own = objectAt(container, 'resources');
  const pod = objectAt(podSpec, 'resources');
  const amounts = (of: JsonObject, kind: 'limits' | 'requests'): JsonObject => objectAt(of, kind);
  const limits = [amounts(own, 'limits'), amounts(pod, 'limits')];
  const memory = limits.map((limit) => quantityIn(limit['memory'])).filter((limit) => limit !== undefined);
  const podSays = new Set([...Object.keys(amounts(pod, 'limits')), ...Object.keys(amounts(pod, 'requests'))]);
  const names = [own, pod].flatMap((of) => [
    ...Object.keys(amounts(of, 'limits')),
    ...Object.keys(amounts(of, 'requests')),
  ]);
  return {
    own,
    pod,
    podSays,
    memoryLimit: memory.length === 0 ? undefined : Math.min(...memory),
    // A container that has none gets the pod's (kubelet, GetHugepageLimitsFromResources).
    hugePages: limits.map(hugePagesIn).find((bytes) => bytes > 0) ?? 0,
    asksForHugePages: names.some((name) => name.startsWith(hugePagesPrefix)),
    isGuaranteed: isGuaranteed(own),
  };
}

const hugePagesPrefix = 'hugepages-';

function hugePagesIn(limits: JsonObject): number {
  return Object.entries(limits)
    .filter(([name]) => name.startsWith(hugePagesPrefix))
    .reduce((sum, [, amount]) => sum + (quantityIn(amount) ?? 0), 0);
}

/** Limits for cpu and memory, and no request that differs: what the kubelet calls QoS class Guaranteed. */
function isGuaranteed({ limits, requests }: JsonObject): boolean {
  if (!isObject(limits)) return false;
  return ['cpu', 'memory'].every((resource) => {
    const limit = quantityIn(limits[resource]);
    const request = isObject(requests) ? requests[resource] : undefined;
    return limit !== undefined && (request === undefined || quantityIn(request) === limit);
  });
}

/** A manifest may write a quantity as a bare number. */
function quantityIn(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : typeof value === 'string' ? parseQuantity(value) : undefined;
}
