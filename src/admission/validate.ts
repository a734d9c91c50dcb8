import type { AdmissionContext, AdmissionRequest, Verdict } from './admission.ts';
import { injectionFindings } from './injection-missing.ts';
import { judgeClaimDeletion, judgeSetDeletion } from './judge-deletion.ts';
import { judgeScale } from './judge-scale.ts';
import { judge, judgeRelease } from './judge.ts';
import { subjectOf } from './subject.ts';
import { accept, refuses, verdictOnOthers } from './verdict.ts';

/**
 * What /validate answers about the final object, after every mutating webhook: the same findings as /mutate, and whether what was
 * injected is really there. Never refuses what /mutate let through and nobody changed afterwards.
 */
export function validate(request: AdmissionRequest, context: AdmissionContext): Verdict {
  const subject = subjectOf(request);
  switch (subject.kind) {
    case 'released':
      return accept(judgeRelease(subject, request, context), request.object);
    case 'managed': {
      const judged = judge(subject, request, context);
      // What is refused may have no place for what we would put there: a name of ours is taken, say.
      const findings = refuses(judged.findings)
        ? judged.findings
        : [...judged.findings, ...injectionFindings(judged, context)];
      return { ...accept(findings, request.object), revision: judged.stripped.hash };
    }
    case 'scaled':
      return judgeScale(subject, request, context);
    case 'set-deleted':
      return judgeSetDeletion(subject.object, request, context);
    case 'claim-deleted':
      return judgeClaimDeletion(subject.object, request, context);
    default:
      return verdictOnOthers(subject, request);
  }
}
