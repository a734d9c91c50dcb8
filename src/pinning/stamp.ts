import { applyPlan } from '../plan/apply-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { sameJson } from '../plan/same-json.ts';
import { objectAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { bookkeeping } from './bookkeeping.ts';
import { readRecord, revisionOf, withRevision, writeRecord } from './injection-record.ts';
import type { InjectedRevision } from './injection-record.ts';

export interface StampInput {
  /** The user's. */
  readonly object: JsonObject;
  readonly plan: Plan;
  readonly hash: string;
  readonly version: string;
  readonly inputs: string;
  /** What was recorded so far. */
  readonly before: Recorded | undefined;
  /** What the request has as its record. */
  readonly requested: Recorded | undefined;
}

interface Recorded {
  readonly record: readonly InjectedRevision[];
  readonly recordText: string | undefined;
}

/** The user's object with the plan in it, and written down what it was. `strip` is the inverse. */
export function stamp({ object, plan, hash, version, inputs, before, requested }: StampInput): JsonObject {
  const record = recordText(revisionOf(object, plan, { hash, version, inputs }), before, requested);
  const applied = applyPlan(object, plan);
  const spec = objectAt(applied, 'spec');
  const template = objectAt(spec, 'template');
  return {
    ...applied,
    metadata: annotated(objectAt(applied, 'metadata'), {
      [bookkeeping.version]: version,
      [bookkeeping.inputs]: inputs,
      [bookkeeping.record]: record,
    }),
    spec: {
      ...spec,
      template: { ...template, metadata: annotated(objectAt(template, 'metadata'), { [bookkeeping.hash]: hash }) },
    },
  };
}

function annotated(metadata: JsonObject, annotations: Readonly<Record<string, string>>): JsonObject {
  return { ...metadata, annotations: { ...objectAt(metadata, 'annotations'), ...annotations } };
}

/**
 * The text that is stored or sent already where it says the same, so that nothing is written again. Sent: the apiserver
 * asks twice where another webhook changed something, and what was read back has its keys in another order.
 */
function recordText(revision: InjectedRevision, before: Recorded | undefined, requested: Recorded | undefined): string {
  const newest = before?.record.at(-1);
  if (before?.recordText !== undefined && newest !== undefined && sameJson(asJson(newest), asJson(revision)))
    return before.recordText;
  const text = writeRecord(withRevision(before?.record ?? [], revision));
  if (requested?.recordText === undefined || requested.recordText === text) return text;
  const isSent = sameJson(requested.record.map(asJson), readRecord(text).map(asJson));
  return isSent ? requested.recordText : text;
}

function asJson({ replacedEnv, grace, ...revision }: InjectedRevision): Json {
  return { ...revision, replacedEnv: replacedEnv?.map((item) => ({ ...item })), grace: grace && { ...grace } };
}
