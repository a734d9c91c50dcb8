import { isObject, objectAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { formatQuantity, parseQuantity } from '../workload/quantity.ts';
import type { ServerContainer } from '../workload/postgres-workload.ts';
import type { SettingValues } from '../workload/settings.ts';

/** What an idle agent needs, in thousandths; it may use `agent-cpu` while it makes a base backup. */
const idleCpu = 100;

/**
 * Requests and limits of the agent's containers: a LimitRange or quota that wants both is met. Memory is never
 * overcommitted. Where the server is Guaranteed, ours are equal too, or the whole pod would lose that class.
 */
export function agentResources(server: ServerContainer, settings: SettingValues): JsonObject {
  const cpu = Math.ceil((parseQuantity(settings.agentCpu) ?? 0) * 1000);
  const memory = formatQuantity(parseQuantity(settings.agentMemory) ?? 0);
  const asked = isGuaranteed(server.container) ? cpu : Math.min(cpu, idleCpu);
  return { limits: { cpu: cpuText(cpu), memory }, requests: { cpu: cpuText(asked), memory } };
}

/**
 * Of pgusher-initdb, which runs the server: the server's own, also where that has none. A LimitRange then gives both the same, and
 * an import by the user's scripts has the room that it had in the server's container.
 */
export function initialisationResources(server: ServerContainer): JsonObject {
  return objectAt(server.container, 'resources');
}

/** The memory limit in bytes; undefined where there is none. */
export function memoryLimit(server: ServerContainer): number | undefined {
  return quantityIn(objectAt(objectAt(server.container, 'resources'), 'limits')['memory']);
}

/** Limits for cpu and memory, and no request that differs: what the kubelet calls QoS class Guaranteed. */
function isGuaranteed(container: JsonObject): boolean {
  const { limits, requests } = objectAt(container, 'resources');
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

/** As the apiserver writes it back: `0.5` is stored as `500m`. */
function cpuText(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}
