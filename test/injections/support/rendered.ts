import { renderPlan } from '../../../src/injections/render-plan.ts';
import type { AgentContract } from '../../../src/agent/contract.ts';
import { readContract } from '../../../src/agent/contract-schema.ts';
import type { Plan, ReasonedPlan } from '../../../src/plan/plan.ts';
import { objectsAt, textAt } from '../../../src/workload/json.ts';
import type { JsonObject } from '../../../src/workload/json.ts';
import { expandAsKubelet } from './kubelet.ts';
import type { Manifest } from './workload.ts';
import { workload } from './workload.ts';

export function rendered(
  manifest: Manifest = {},
  operation: 'CREATE' | 'UPDATE' = 'CREATE',
  injected?: Plan,
): ReasonedPlan {
  return renderPlan(workload(manifest), operation, injected);
}

export function plan(manifest: Manifest = {}, operation: 'CREATE' | 'UPDATE' = 'CREATE', injected?: Plan): Plan {
  return rendered(manifest, operation, injected).plan;
}

export function initContainer(of: Plan, name: string): JsonObject {
  const found = of.initContainers.find((container) => container['name'] === name);
  if (found === undefined) throw new Error(`no init container ${name} in the plan`);
  return found;
}

export function volume(of: Plan, name: string): JsonObject | undefined {
  return of.volumes.find((candidate) => candidate['name'] === name);
}

/** The text of a variable as the container will see it. */
export function variable(container: JsonObject, name: string): string | undefined {
  const entry = objectsAt(container, 'env').find((candidate) => candidate['name'] === name);
  const value = textAt(entry, 'value');
  return value === undefined ? undefined : expandAsKubelet(value, new Map());
}

/** What the agent reads, through the agent's own schema. */
export function contract(of: Plan, container = 'pgusher-backup'): AgentContract {
  return readContract(variable(initContainer(of, container), 'PGUSHER_CONTRACT'));
}

export function reason(of: ReasonedPlan, injection: string): string | undefined {
  const found = of.reasons.find((candidate) => candidate.injection === injection);
  return found === undefined ? undefined : `${found.outcome}: ${found.text}`;
}
