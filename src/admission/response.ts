import { adviceOn } from '../checks/advice.ts';
import type { Finding } from '../checks/check.ts';
import type { Outcome } from './admission.ts';
import { toWarnings } from './warnings.ts';

/**
 * The answer of /mutate behind its uid: the same for everybody who asks the same. `patchType` and `patch` come together or not at
 * all, only from /mutate: kube-apiserver takes a patch from a validating webhook, or one without the other, for a failed call.
 */
export function mutationRest(outcome: Outcome): string {
  if (!outcome.allowed) return deny(outcome);
  return outcome.operations.length === 0 ? allow(outcome) : patch(outcome);
}

/** The answer of /validate behind its uid: never a patch. */
export function validationRest(outcome: Outcome): string {
  return outcome.allowed ? allow(outcome) : deny(outcome);
}

/** Body of an answer to the review `uid`. */
export function answerTo(uid: string, rest: string): string {
  return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":${JSON.stringify(uid)}${rest}`;
}

function allow(outcome: Outcome): string {
  return encode(outcome, '"allowed":true');
}

/** Base64 needs no escaping, and JSON.stringify would look for it in ten thousand characters. */
function patch(outcome: Outcome): string {
  const base64 = Buffer.from(JSON.stringify(outcome.operations)).toString('base64');
  return encode(outcome, `"allowed":true,"patchType":"JSONPatch","patch":"${base64}"`);
}

/** 403 Forbidden: a policy says no, whatever failurePolicy is. */
function deny(outcome: Outcome): string {
  const message = denialMessage(outcome.findings, outcome.subject);
  const status = JSON.stringify({ status: 'Failure', message, reason: 'Forbidden', code: 403 });
  return encode(outcome, `"allowed":false,"status":${status}`);
}

/** `decision` is JSON members. What is not set is left out: Go tells absent from empty. */
function encode(outcome: Outcome, decision: string): string {
  const texts = toWarnings(outcome.warnings, outcome.findings);
  const warnings = texts.length === 0 ? '' : `,"warnings":${JSON.stringify(texts)}`;
  return `,${decision}${warnings},"auditAnnotations":${JSON.stringify(auditAnnotations(outcome))}}}`;
}

/**
 * Everything that is refused, in one text: a short first line (kubectl prints it behind "admission webhook … denied the
 * request: "), then for each finding a line with what was seen, what is wanted and how to write it, and below it what to paste, the
 * escape, and where the reasons are.
 */
export function denialMessage(findings: readonly Finding[], subject?: string): string {
  const denials = findings.filter((finding) => finding.severity === 'deny');
  const ids = [...new Set(denials.map((finding) => finding.check))];
  const named = ids.length > 5 ? [...ids.slice(0, 5), '…'] : ids;
  return [
    `${subject === undefined ? '' : `${subject}: `}${String(denials.length)} ${denials.length === 1 ? 'problem' : 'problems'}: ${named.join(', ')}`,
    ...denials.flatMap((finding) => [
      `- [${finding.check}] ${finding.field}: ${finding.message}`,
      ...adviceOn(finding).map((line) => `  ${line}`),
    ]),
  ].join('\n');
}

/**
 * Become `<webhook name>/<key>` in the audit log. The keys are fixed: kube-apiserver drops one that is no qualified name, and
 * warns about it in its own log only.
 */
function auditAnnotations(outcome: Outcome): Readonly<Record<string, string>> {
  const ids = new Set(outcome.findings.map((finding) => `${finding.severity}:${finding.check}`));
  return {
    decision: outcome.decision,
    reason: outcome.reason,
    ...(outcome.revision === undefined ? {} : { revision: outcome.revision }),
    ...(ids.size === 0 ? {} : { findings: [...ids].join(',') }),
  };
}
