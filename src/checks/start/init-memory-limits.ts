import { agentResources } from '../../injections/resources.ts';
import type { LimitRangeFact, QuotaFact } from '../../workload/cluster-facts.ts';
import { numberAt, objectAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

const looked = ['cpu', 'memory'] as const;
type Resource = (typeof looked)[number];

/**
 * Fields: postgres.io/agent-cpu and agent-memory, resources of Postgres, spec.replicas; the LimitRanges and ResourceQuotas of the namespace.
 * Allowed: an agent within what a LimitRange lets a container have (max, min, ratio); server and agent together within its largest pod and, for all
 * replicas, within the quota. What is used of a quota changes all the time and is not looked at, nor are quotas with scopes.
 */
export const initMemoryLimits: Check = {
  id: 'init-memory-limits',
  severity: 'warn',
  summary: 'The namespace has no room for the pod with what is injected.',
  because:
    'The set is accepted, and its pods are refused: only `kubectl describe statefulset` says so (FailedCreate). A pod that runs is not replaced at the next restart, so the database stays down.',
  instead: 'postgres.io/agent-cpu and postgres.io/agent-memory that fit, or a LimitRange or quota with room for them.',
  examine(workload, { facts }) {
    const { server, namespace } = workload;
    if (server?.data.mount === undefined) return noObservations;
    // What the pod itself says, its containers share; the agent then has none of its own.
    const own = looked.filter((resource) => !server.resources.podSays.has(resource));
    const observations = own.flatMap((resource) => [
      ...facts.limitRanges.within(namespace).flatMap((range) => ofLimitRange(range, resource, workload, server)),
      ...facts.quotas.within(namespace).flatMap((quota) => ofQuota(quota, resource, workload, server)),
    ]);
    if (observations.length > 0) return observations;
    return [...notLookedUp('limitRanges', facts.limitRanges.gap), ...notLookedUp('quotas', facts.quotas.gap)];
  },
};

function ofLimitRange(
  range: LimitRangeFact,
  resource: Resource,
  workload: PostgresWorkload,
  server: ServerContainer,
): readonly Observation[] {
  const agent = readAgent(workload, server, resource);
  const own = serverLimit(server, resource);
  const messages = range.limits.flatMap(({ type, max, min, maxLimitRequestRatio }) => {
    const texts = { max: max[resource] ?? '', min: min[resource] ?? '', ratio: maxLimitRequestRatio[resource] ?? '' };
    const [most, least, ratio] = [texts.max, texts.min, texts.ratio].map(parseQuantity);
    if (type === 'Container') {
      return [
        most !== undefined && agent.limit > most
          ? `allows a container ${resource} ${texts.max}, the agent has ${agent.text}; wanted no more. Write ${agent.annotation}: "${texts.max}".`
          : undefined,
        least !== undefined && agent.request < least
          ? `wants containers to request ${resource} ${texts.min}, the agent does ${agent.requestText}; wanted it lower, or equal requests and limits for Postgres.`
          : undefined,
        ratio !== undefined && agent.limit > agent.request * ratio
          ? `allows limits of ${texts.ratio} times the request of ${resource}, the agent has ${agent.text}; wanted less. Write ${agent.annotation}: "${Math.floor(agent.request * ratio * 1000)}m".`
          : undefined,
      ];
    }
    // Without the agent it is the server that does not fit, with or without us.
    if (type !== 'Pod' || most === undefined || own > most || own + agent.limit <= most) return [];
    return [
      `allows a pod ${resource} ${texts.max}, less than server and agent (${agent.text}); wanted room for both. Raise it, or lower ${agent.annotation}.`,
    ];
  });
  return messages
    .filter((message) => message !== undefined)
    .map((message) => ({
      field: annotationField(agent.annotation),
      message: `LimitRange ${quoted(range.name)} ${message}`,
    }));
}

/** Of a quota for limits; one for requests is met by whoever meets that. */
function ofQuota(
  { name, hard }: QuotaFact,
  resource: Resource,
  workload: PostgresWorkload,
  server: ServerContainer,
): readonly Observation[] {
  const agent = readAgent(workload, server, resource);
  const text = hard[`limits.${resource}`] ?? '';
  const most = parseQuantity(text);
  const own = serverLimit(server, resource);
  const { replicas } = workload;
  if (most === undefined || replicas * own > most || replicas * (own + agent.limit) <= most) return noObservations;
  return [
    {
      field: annotationField(agent.annotation),
      message: `ResourceQuota ${quoted(name)} has limits.${resource} ${text}, too little with the agent (${agent.text}); wanted room for ${replicas}. Raise it, or lower ${agent.annotation}.`,
    },
  ];
}

/** What the agent's containers get (injections/resources.ts). */
function readAgent({ settings }: PostgresWorkload, server: ServerContainer, resource: Resource) {
  const resources = agentResources(server, settings.values);
  const [limits, requests] = [objectAt(resources, 'limits'), objectAt(resources, 'requests')];
  const text = resource === 'cpu' ? settings.values.agentCpu : settings.values.agentMemory;
  const requestText = textAt(requests, resource) ?? '';
  return {
    text,
    limit: quantityAt(limits, resource),
    requestText,
    request: quantityAt(requests, resource),
    annotation: `postgres.io/agent-${resource}`,
  };
}

/** Zero where it has none: a LimitRange may give it one, which is not added here. */
function serverLimit({ container }: ServerContainer, resource: Resource): number {
  return quantityAt(objectAt(objectAt(container, 'resources'), 'limits'), resource);
}

/** A manifest may have a bare number. */
function quantityAt(parent: JsonObject, resource: Resource): number {
  return numberAt(parent, resource) ?? parseQuantity(textAt(parent, resource) ?? '') ?? 0;
}
