import type { JsonObject } from '../workload/json.ts';
import { formatQuantity, parseQuantity } from '../workload/quantity.ts';
import type { ServerContainer } from '../workload/postgres-workload.ts';
import type { SettingValues } from '../workload/settings.ts';
import { storedResources } from '../workload/stored-form.ts';

/** What an idle agent needs, in thousandths; it may use `agent-cpu` while it makes a base backup. */
const idleCpu = 100;

/**
 * Requests and limits of the agent's containers: a LimitRange or quota that wants both is met. Memory is never
 * overcommitted. Where the server is Guaranteed, ours are equal too, or the whole pod would lose that class.
 *
 * Nothing of a resource that the pod itself speaks of (`spec.resources`): its containers share that. A request of ours would count
 * against the pod's, which then is refused for a sum that nobody wrote, and where the pod says limits alone its request
 * becomes the sum of the containers' as soon as one has any (kubernetes, defaultPodRequests), which takes class Guaranteed away.
 */
export function agentResources({ resources }: ServerContainer, settings: SettingValues): JsonObject {
  const cpu = Math.ceil((parseQuantity(settings.agentCpu) ?? 0) * 1000);
  const memory = formatQuantity(parseQuantity(settings.agentMemory) ?? 0);
  const asked = resources.isGuaranteed ? cpu : Math.min(cpu, idleCpu);
  const limits = { cpu: cpuText(cpu), memory };
  const requests = { cpu: cpuText(asked), memory };
  const own = (['cpu', 'memory'] as const).filter((resource) => !resources.podSays.has(resource));
  if (own.length === 0) return {};
  const only = (amounts: typeof limits): JsonObject =>
    Object.fromEntries(own.map((resource) => [resource, amounts[resource]]));
  return { limits: only(limits), requests: only(requests) };
}

/** What `agentResources` leaves to the pod, as a clause behind another sentence; empty where that is nothing. */
export function sharedWithPod({ resources }: ServerContainer): string {
  const shared = ['cpu', 'memory'].filter((resource) => resources.podSays.has(resource));
  return shared.length === 0
    ? ''
    : `; ${shared.join(' and ')} it takes from spec.template.spec.resources, which all containers of the pod share`;
}

/**
 * Of pgusher-initdb, which runs the server: the server's own, also where that has none. A LimitRange then gives both the same, and
 * an import by the user's scripts has the room that it had in the server's container.
 */
export function initialisationResources(server: ServerContainer): JsonObject {
  return storedResources(server.resources.own);
}

/** As the apiserver writes it back: `0.5` is stored as `500m`. */
function cpuText(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}
