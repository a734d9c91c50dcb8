import { planHash } from '../plan/content-hash.ts';
import type { Plan, Reason, ReasonedPlan } from '../plan/plan.ts';
import { sameJson } from '../plan/same-json.ts';
import { objectAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import { decidePinning } from './decide-pinning.ts';
import type { PinInput, PinningOutcome, RenderCause } from './decide-pinning.ts';
import { stamp } from './stamp.ts';

/** `injected`: what stands in the object, of which the render keeps what cannot change (claim templates, PGDATA). */
export type Render = (workload: PostgresWorkload, operation: 'CREATE' | 'UPDATE', injected?: Plan) => ReasonedPlan;

export interface Pinned {
  readonly decision: 'rendered' | 'carried-forward' | 'rolled-back' | 'unchanged';
  /** Why it was rendered; undefined where it was not. */
  readonly why: RenderCause | undefined;
  /** What should be stored; the very object of the request where that is `unchanged`. */
  readonly object: JsonObject;
  /** Of a render; empty where what is injected was only kept. */
  readonly reasons: readonly Reason[];
  /** At most 120 characters each, no control characters. */
  readonly warnings: readonly string[];
  /** Template hash of what is injected. */
  readonly revision: string;
}

/** The object that should be stored for a request: the user's part of it, and the injected parts that belong to it. */
export function pin(input: PinInput, render: Render): Pinned {
  const { requested, stored } = input;
  const outcome = decidePinning(input);
  const { plan, reasons } =
    outcome.kind === 'render'
      ? render(input.workload, input.operation, (stored ?? requested).injected)
      : { plan: outcome.plan, reasons: [] };
  const hash = hashOf(input, outcome, plan);
  const object = stamp({
    object: requested.object,
    plan,
    hash,
    version: outcome.version,
    inputs: outcome.inputs,
    before: stored,
    requested,
  });

  const warnings = [...outcome.warnings];
  if (stored !== undefined) {
    const restart = restartWarning(stored.raw, object, outcome);
    if (restart !== undefined) warnings.unshift(restart);
  }
  const isUnchanged = sameJson(object, requested.comparable);
  return {
    decision: isUnchanged ? 'unchanged' : decisions[outcome.kind],
    why: outcome.kind === 'render' ? outcome.why : undefined,
    object: isUnchanged ? requested.raw : object,
    reasons,
    warnings,
    revision: hash,
  };
}

const decisions = { render: 'rendered', 'carry-forward': 'carried-forward', 'rolled-back': 'rolled-back' } as const;

/**
 * What is kept literally keeps its hash: the apiserver's later defaults in it are no new revision, and neither is a field that it
 * dropped because the cluster has it switched off. So does a render that gives what is stored once more.
 */
function hashOf({ requested, stored }: PinInput, outcome: PinningOutcome, plan: Plan): string {
  switch (outcome.kind) {
    case 'carry-forward':
      return stored?.hash ?? planHash(plan);
    case 'rolled-back':
      return requested.hash ?? planHash(plan);
    case 'render': {
      const rendered = planHash(plan);
      const isStored = stored?.injected !== undefined && planHash(stored.injected) === rendered;
      return isStored ? (stored.hash ?? rendered) : rendered;
    }
  }
}

const causes: Readonly<Record<RenderCause, string>> = {
  create: 'pgusher injects its parts',
  adopted: 'pgusher injects its parts',
  'inputs-changed': 'the injected parts are rendered anew, as what they depend on changed',
  'latest-requested': 'the injected parts are rendered by the newest version, as asked for',
  'with-rollout': 'the pod template changed, and the injected parts are renewed with it',
};

function restartWarning(before: JsonObject, after: JsonObject, outcome: PinningOutcome): string | undefined {
  const [old, desired] = [objectAt(before, 'spec'), objectAt(after, 'spec')];
  if (sameJson(old['template'], desired['template'])) return undefined;
  const cause =
    outcome.kind === 'render'
      ? causes[outcome.why]
      : outcome.kind === 'rolled-back' && outcome.isUndo
        ? 'rollback'
        : 'the pod template changed';
  const isManual = textAt(objectAt(desired, 'updateStrategy'), 'type') === 'OnDelete';
  return isManual ? `pods change when they are deleted: ${cause}` : `restarts the pods: ${cause}`;
}
