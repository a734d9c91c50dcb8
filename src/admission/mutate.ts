import type { Finding } from '../checks/check.ts';
import type { Pinned } from '../pinning/pin.ts';
import { strip } from '../pinning/strip.ts';
import { dataDirectoryStays, uninject } from '../pinning/uninject.ts';
import { checkedDiff } from '../plan/json-patch.ts';
import type { JsonObject } from '../workload/json.ts';
import type { AdmissionContext, AdmissionRequest, Verdict } from './admission.ts';
import { judge, judgeRelease } from './judge.ts';
import type { Judged } from './judge.ts';
import { pinJudged } from './pin-judged.ts';
import { subjectOf } from './subject.ts';
import type { Subject } from './subject.ts';
import { letThrough, refuse, refuses, verdictOnOthers } from './verdict.ts';

/** What /mutate answers. Pure: the same request in the same context gives the same bytes. Throws on a fault of ours only. */
export function mutate(request: AdmissionRequest, context: AdmissionContext): Verdict {
  const subject = subjectOf(request);
  switch (subject.kind) {
    case 'released':
      return release(subject, judgeRelease(subject, request, context));
    case 'managed':
      return protect(subject, judge(subject, request, context), context);
    case 'scaled':
    case 'set-deleted':
    case 'claim-deleted':
      // There is nothing to change in them.
      return letThrough('not-ours', request.operation === 'DELETE' ? 'DELETE' : 'scale', request.object);
    default:
      return verdictOnOthers(subject, request);
  }
}

/** The label was taken away: where that is allowed, everything goes but what an update cannot change. */
function release(subject: Extract<Subject, { kind: 'released' }>, findings: readonly Finding[]): Verdict {
  if (refuses(findings)) return refuse(findings, subject.object);
  const { object, dataDirectory } = uninject(subject.object, { isLive: true, before: strip(subject.old) });
  const operations = checkedDiff(subject.object, object);
  const stays = staying(dataDirectory);
  return {
    ...letThrough('uninjected', 'label removed', object),
    findings,
    operations,
    warnings:
      operations.length === 0
        ? stays
        : ['the label is gone: what pgusher injected is taken out; this restarts the pods', ...stays],
  };
}

function protect(subject: Extract<Subject, { kind: 'managed' }>, judged: Judged, context: AdmissionContext): Verdict {
  const { findings, workload } = judged;
  if (refuses(findings)) return refuse(findings, subject.object);
  // A container without a name is refused by the apiserver itself, a moment later.
  if (workload.server === undefined || workload.server.name === '') {
    return leaveAlone(subject.object, subject.object, findings, 'no Postgres container with a name');
  }
  if (workload.server.family.treatment === 'left-alone') {
    // Where another image was managed before, its parts do not fit this one.
    const { old } = judged;
    const reason = `image family ${workload.server.family.id}`;
    if (old?.injected === undefined) return leaveAlone(subject.object, subject.object, findings, reason);
    const { object, dataDirectory } = uninject(subject.object, { isLive: true, before: old });
    return { ...leaveAlone(subject.object, object, findings, reason), warnings: staying(dataDirectory) };
  }
  const outcome = pinJudged(judged, context);
  if (outcome.kind === 'refused') return refuse([...outcome.findings, ...findings], subject.object);
  const { pinned } = outcome;
  return {
    decision: pinned.decision,
    reason: reasonOf(pinned),
    allowed: true,
    findings,
    operations: checkedDiff(subject.object, pinned.object),
    object: pinned.object,
    reasons: pinned.reasons,
    warnings: pinned.warnings,
    revision: pinned.revision,
  };
}

function staying(dataDirectory: string | undefined): readonly string[] {
  return dataDirectory === undefined ? [] : [dataDirectoryStays(dataDirectory)];
}

/** Nothing is injected, and the findings say why. */
function leaveAlone(object: JsonObject, desired: JsonObject, findings: readonly Finding[], reason: string): Verdict {
  const operations = checkedDiff(object, desired);
  return { ...letThrough('left-alone', reason, desired), findings, operations };
}

function reasonOf({ why, decision }: Pinned): string {
  if (why !== undefined) return why;
  return decision === 'rolled-back' ? 'rollback' : 'inputs unchanged';
}
