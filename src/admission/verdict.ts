import type { Finding } from '../checks/check.ts';
import { managedLabelFindings } from '../checks/settings/managed-label-value.ts';
import { printable } from '../checks/shown-text.ts';
import { objectAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { AdmissionRequest, Decision, Verdict } from './admission.ts';
import type { Subject } from './subject.ts';

/** Allowed as it is. */
export function letThrough(decision: Decision, reason: string, object: JsonObject | undefined): Verdict {
  return {
    decision,
    reason,
    allowed: true,
    findings: [],
    operations: [],
    object,
    reasons: [],
    warnings: [],
    revision: undefined,
  };
}

/** Denied, with all findings: also the warnings, since whoever mends one thing wants to see the others. */
export function refuse(findings: readonly Finding[], object: JsonObject | undefined): Verdict {
  const ids = new Set(findings.filter(isDenial).map(({ check }) => check));
  const subject = object === undefined ? {} : { subject: titleOf(object) };
  return { ...letThrough('denied', [...ids].join(','), object), allowed: false, findings, ...subject };
}

/** /validate's answer: refused where there is a denial. */
export function accept(findings: readonly Finding[], object: JsonObject | undefined): Verdict {
  if (refuses(findings)) return refuse(findings, object);
  return { ...letThrough('accepted', 'no denial', object), findings };
}

/** No longer than a line of a terminal bears: what was not validated yet may be named anything. */
const longestTitle = 160;

function titleOf(object: JsonObject): string {
  const metadata = objectAt(object, 'metadata');
  const names = [textAt(metadata, 'namespace'), textAt(metadata, 'name') ?? textAt(metadata, 'generateName')];
  const name = names.filter((part) => part !== undefined).join('/');
  return printable(`${textAt(object, 'kind') ?? 'object'} ${name}`.trim().slice(0, longestTitle));
}

export function refuses(findings: readonly Finding[]): boolean {
  return findings.some(isDenial);
}

function isDenial(finding: Finding): boolean {
  return finding.severity === 'deny';
}

/**
 * No label; or one whose value opts in to nothing, which is said, since somebody may believe that it does. A value that is
 * no text is refused: only the command line meets it, since the apiserver refuses it before it asks.
 */
function notManaged(labels: JsonObject, object: JsonObject | undefined): Verdict {
  const findings = managedLabelFindings(labels);
  if (refuses(findings)) return refuse(findings, object);
  return { ...letThrough('not-managed', findings.length === 0 ? 'no label' : 'label value', object), findings };
}

/**
 * The label on a Deployment and the like: its pods get volumes and names by chance, so that there is no data directory to come back
 * to. Refused where it is new; one that was there before pgusher is only warned about, so that it can still be scaled down.
 */
function unsupportedKind(request: AdmissionRequest, isNew: boolean): Verdict {
  const kind = request.kind.kind;
  const finding: Finding = {
    check: 'not-a-statefulset',
    severity: isNew ? 'deny' : 'warn',
    field: 'metadata.labels[postgres.io/managed]',
    message: `the label is on a ${kind}, which pgusher cannot protect; wanted a StatefulSet with a volumeClaimTemplate. Move the database to one, or remove the label.`,
  };
  const verdict = isNew ? refuse([finding], request.object) : letThrough('not-ours', `kind ${kind}`, request.object);
  return { ...verdict, findings: [finding] };
}

/** What both webhooks answer alike about what pgusher does not look after. */
export function verdictOnOthers(
  subject: Extract<Subject, { kind: 'not-ours' | 'not-managed' | 'unsupported-kind' }>,
  request: AdmissionRequest,
): Verdict {
  switch (subject.kind) {
    case 'not-ours':
      return letThrough('not-ours', subject.reason, request.object);
    case 'not-managed':
      return notManaged(subject.labels, request.object);
    case 'unsupported-kind':
      return unsupportedKind(request, subject.isNew);
  }
}
