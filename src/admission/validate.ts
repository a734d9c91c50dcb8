import type { Finding } from '../checks/check.ts';
import type { AdmissionContext, AdmissionRequest, Verdict } from './admission.ts';
import { injectionFindings } from './injection-missing.ts';
import { judge, judgeRelease } from './judge.ts';
import { subjectOf } from './subject.ts';
import { letThrough, refuse, refuses, verdictOnOthers } from './verdict.ts';

/**
 * What /validate answers about the final object, after every mutating webhook: the same findings as /mutate, and whether what was
 * injected is really there. Never refuses what /mutate let through and nobody changed afterwards.
 */
export function validate(request: AdmissionRequest, context: AdmissionContext): Verdict {
  const subject = subjectOf(request);
  switch (subject.kind) {
    case 'released':
      return accept(judgeRelease(subject, request, context), request, undefined);
    case 'managed': {
      const judged = judge(subject, request, context);
      // What is refused may have no place for what we would put there: a name of ours is taken, say.
      const findings = refuses(judged.findings)
        ? judged.findings
        : [...judged.findings, ...injectionFindings(judged, context)];
      return accept(findings, request, judged.stripped.hash);
    }
    default:
      return verdictOnOthers(subject, request);
  }
}

function accept(findings: readonly Finding[], request: AdmissionRequest, revision: string | undefined): Verdict {
  if (refuses(findings)) return { ...refuse(findings, request.object), revision };
  return { ...letThrough('accepted', 'no denial', request.object), findings, revision };
}
