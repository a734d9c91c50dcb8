import type { Finding } from '../checks/check.ts';
import { couldNotLookUp } from '../checks/look-up.ts';
import { runChecks } from '../checks/run-checks.ts';
import { strip } from '../pinning/strip.ts';
import type { WhyUnknown } from '../workload/cluster-facts.ts';
import { objectAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { AdmissionContext, AdmissionRequest, Verdict } from './admission.ts';
import { readWorkload } from './judge.ts';
import type { Subject } from './subject.ts';
import { accept, letThrough } from './verdict.ts';

type Scaled = Extract<Subject, { kind: 'scaled' }>;

/**
 * `kubectl scale`, an autoscaler: the set is known from the watch, the numbers from the request. Judged as an update of the set would be,
 * but for what holds for the number that it has as well: that is not this step's. A set that is not known is let through with a warning.
 */
export function judgeScale(subject: Scaled, request: AdmissionRequest, context: AdmissionContext): Verdict {
  const found = context.facts.statefulSets.find(request.namespace, request.name);
  if (found.kind === 'unknown') return notLookedUp(found.why, request);
  // One that is not there although it is scaled was made a moment ago; so was one that has the name of another.
  if (found.kind === 'absent' || found.fact.uid !== subject.uid) return notLookedUp('not-synced', request);
  const { managed } = found.fact;
  if (managed === undefined) return letThrough('not-managed', 'no label', request.object);
  const before = withReplicas(managed, subject.before);
  const after = withReplicas(managed, subject.after);
  const earlier = judgeUpdate(before, before, request, context).map(textOf);
  const findings = judgeUpdate(before, after, request, context).filter((finding) => !earlier.includes(textOf(finding)));
  return accept(findings, after);
}

function notLookedUp(why: WhyUnknown, request: AdmissionRequest): Verdict {
  const verdict = letThrough('not-ours', 'the set is not known', request.object);
  return why === 'not-asked' ? verdict : { ...verdict, findings: [couldNotLookUp([{ facts: 'statefulSets', why }])] };
}

function judgeUpdate(
  before: JsonObject,
  after: JsonObject,
  request: AdmissionRequest,
  context: AdmissionContext,
): readonly Finding[] {
  const old = strip(before);
  return runChecks({
    after: readWorkload(strip(after, old).object, request, context),
    before: readWorkload(old.object, request, context),
    operation: 'UPDATE',
    injected: old.injected,
    policy: context.policy,
    facts: context.facts,
    today: context.today,
  });
}

function withReplicas(set: JsonObject, replicas: number): JsonObject {
  return { ...set, spec: { ...objectAt(set, 'spec'), replicas } };
}

function textOf({ check, severity, field, message }: Finding): string {
  return `${severity} ${check} ${field} ${message}`;
}
