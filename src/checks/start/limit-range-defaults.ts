import { isObject, objectAt, objectsAt } from '../../workload/json.ts';
import type { Json, JsonObject } from '../../workload/json.ts';
import { canonicalQuantity, formatQuantity, parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { podSpecField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

type Resource = 'cpu' | 'memory';

/**
 * Fields: spec.template.spec.resources and the resources of all containers; default, defaultRequest, max and min of the LimitRanges of the
 * namespace. Allowed: defaults that, given to the agent too, stay within what the pod requests. Where the pod itself speaks of a resource, the agent
 * asks for none of it (injections/resources.ts), and a LimitRange gives it its default all the same, as to any container. A default limit above the pod's
 * is taken: of sidecars only requests are compared (kubernetes, validatePodResourceConsistency).
 */
export const limitRangeDefaults: Check = {
  id: 'limit-range-defaults',
  severity: 'warn',
  summary: "The namespace's default for containers does not fit beside Postgres into the pod's own resources.",
  because:
    'A LimitRange gives its default to the agent, which has no resources where the pod has its own. The sum is more than the pod requests, so the set is accepted and its pods are refused (FailedCreate): the database stays down at the next restart.',
  instead: '`spec.template.spec.resources` with room for the default, or a LimitRange without one.',
  examine({ server, namespace, podSpec }, { facts }) {
    if (server?.data.mount === undefined) return noObservations;
    const shared = (['cpu', 'memory'] as const).filter((resource) => server.resources.podSays.has(resource));
    if (shared.length === 0) return noObservations;
    const observations = facts.limitRanges
      .within(namespace)
      .flatMap(({ name, limits }) =>
        limits.flatMap(({ defaultRequest }) =>
          shared.flatMap((resource) =>
            examineDefault(name, resource, defaultRequest[resource] ?? '', server.resources.pod, podSpec),
          ),
        ),
      );
    return observations.length > 0 ? observations : notLookedUp('limitRanges', facts.limitRanges.gap);
  },
};

function examineDefault(
  range: string,
  resource: Resource,
  given: string,
  pod: JsonObject,
  podSpec: JsonObject,
): readonly Observation[] {
  const request = parseQuantity(given);
  if (request === undefined) return [];
  const containers = runningTogether(podSpec);
  const podLimit = amount(pod, 'limits', resource);
  const own = containers.map(
    (container) => amount(container, 'requests', resource) ?? amount(container, 'limits', resource),
  );
  const podRequest = amount(pod, 'requests', resource) ?? whatContainersAsk(own) ?? podLimit;
  const before = sum(own.map((asked) => asked ?? request));
  if (podRequest === undefined || isMore(before, podRequest) || !isMore(before + request, podRequest)) return [];
  const wanted = shown(before + request, resource);
  const limits = podLimit !== undefined && isMore(before + request, podLimit) ? ' and in limits' : '';
  return [
    {
      field: `${podSpecField}.resources.requests.${resource}`,
      message: `LimitRange ${quoted(range)} gives the agent a request of ${resource} ${given}, beside ${shown(before, resource)}; wanted no more in all than the ${shown(podRequest, resource)} that the pod requests. It is the default of containers without one: take it away, or write ${resource}: "${wanted}" here${limits}.`,
    },
  ];
}

/**
 * Where the pod says a limit alone, its request becomes that sum: before any LimitRange in Kubernetes 1.34 (defaultPodRequests), after it
 * in 1.37, which takes such a pod.
 */
function whatContainersAsk(own: readonly (number | undefined)[]): number | undefined {
  return own.every((asked) => asked === undefined) ? undefined : sum(own.map((asked) => asked ?? 0));
}

/** Those of the user's that are there at the same time: init containers that end are counted one by one, and are less. */
function runningTogether(podSpec: JsonObject): readonly JsonObject[] {
  const sidecars = objectsAt(podSpec, 'initContainers').filter((container) => container['restartPolicy'] === 'Always');
  return [...objectsAt(podSpec, 'containers'), ...sidecars].map((container) => objectAt(container, 'resources'));
}

function amount(resources: JsonObject, kind: 'limits' | 'requests', resource: Resource): number | undefined {
  const amounts: Json | undefined = resources[kind];
  const value = isObject(amounts) ? amounts[resource] : undefined;
  return typeof value === 'number' ? value : typeof value === 'string' ? parseQuantity(value) : undefined;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, next) => total + next, 0);
}

/** 0.1 + 0.2 cores are 0.3. */
function isMore(left: number, right: number): boolean {
  return left > right * (1 + 1e-9);
}

function shown(value: number, resource: Resource): string {
  return resource === 'memory' ? formatQuantity(value) : canonicalQuantity(`${Math.round(value * 1000)}m`);
}
