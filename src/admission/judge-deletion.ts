import { runDeletionChecks } from '../checks/run-deletion-checks.ts';
import { strip } from '../pinning/strip.ts';
import { objectAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { readSettings } from '../workload/read-settings.ts';
import type { AdmissionContext, AdmissionRequest, Verdict } from './admission.ts';
import { readWorkload } from './judge.ts';
import { accept } from './verdict.ts';

/** DELETE of a labelled set. */
export function judgeSetDeletion(object: JsonObject, request: AdmissionRequest, context: AdmissionContext): Verdict {
  const workload = readWorkload(strip(object).object, request, context);
  const deletion = { kind: 'set' as const, ...placeOf(object, request, context), workload, orphans: request.orphans };
  return decide({ ...deletion, escapes: workload.settings.escapes }, object, context);
}

/** DELETE of any claim: the sets around it say whether it is one of theirs. */
export function judgeClaimDeletion(object: JsonObject, request: AdmissionRequest, context: AdmissionContext): Verdict {
  const annotations = textMapAt(objectAt(object, 'metadata'), 'annotations');
  const { escapes } = readSettings({ statefulset: annotations });
  return decide({ kind: 'claim', ...placeOf(object, request, context), escapes }, object, context);
}

/** Of many that are deleted at once (`deletecollection`) the request has no name. */
function placeOf(object: JsonObject, { namespace, name }: AdmissionRequest, context: AdmissionContext) {
  const namespaceIsEnding = context.namespaceIsEnding(namespace);
  return { namespace, name: textAt(objectAt(object, 'metadata'), 'name') ?? name, namespaceIsEnding };
}

function decide(
  deletion: Parameters<typeof runDeletionChecks>[0]['deletion'],
  object: JsonObject,
  { facts, policy, today }: AdmissionContext,
): Verdict {
  return accept(runDeletionChecks({ deletion, facts, policy, today }), object);
}
