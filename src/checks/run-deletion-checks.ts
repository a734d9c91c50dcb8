import { noObservations } from './check.ts';
import type { Check, Finding, Gap, Observation, Severity } from './check.ts';
import { agreementWanted, isAgreed } from './dated-escape.ts';
import type { Deletion, DeletionSurroundings } from './deletion.ts';
import { couldNotLookUp } from './look-up.ts';
import { exemptionOf } from './policy.ts';
import type { CheckMode, CheckPolicy } from './policy.ts';
import { checks } from './registry.ts';
import { quoted } from './shown-text.ts';

export interface DeletionInput extends DeletionSurroundings {
  readonly deletion: Deletion;
  readonly policy: CheckPolicy;
  /** ISO date, UTC. */
  readonly today: string;
}

const deletionChecks = checks.filter((check: Check) => check.examineDeletion !== undefined);

/** What is to be said about a deletion, denials first. */
export function runDeletionChecks(input: DeletionInput): readonly Finding[] {
  const gaps: Gap[] = [];
  const findings = deletionChecks.flatMap((check: Check) => {
    if (input.policy.modes.get(check.id) === 'off') return [];
    const observed = check.examineDeletion?.(input.deletion, input) ?? noObservations;
    for (const { gap } of observed) if (gap !== undefined) gaps.push(gap);
    return observed.filter(({ gap }) => gap === undefined).map((observation) => toFinding(check, observation, input));
  });
  const all = gaps.length === 0 ? findings : [...findings, couldNotLookUp(gaps)];
  return all.toSorted((left, right) => Number(left.severity !== 'deny') - Number(right.severity !== 'deny'));
}

function toFinding(check: Check, { field, message, severity }: Observation, input: DeletionInput): Finding {
  const { deletion, policy, today } = input;
  const finding = {
    check: check.id,
    severity: severityOf(check, severity, policy.modes.get(check.id)),
    field,
    message,
  };
  if (finding.severity === 'warn') return finding;
  // A denial would keep a namespace from ending, if that is what happens here.
  if (deletion.namespaceIsEnding !== false) return { ...finding, severity: 'warn' };
  const pass = passFor(check, input);
  if (pass !== undefined) return { ...finding, severity: 'warn', message: `${pass}: ${message}` };
  const how = agreementWanted(check.id, deletion, deletion.escapes.get(check.id), today);
  return { ...finding, message: `${message} ${how}` };
}

function severityOf(check: Check, severity: Severity | undefined, mode: CheckMode | undefined): Severity {
  if (mode === 'enforce') return 'deny';
  return mode === 'warn' ? 'warn' : (severity ?? check.severity);
}

function passFor(check: Check, { deletion, policy, today }: DeletionInput): string | undefined {
  const { namespace, name, escapes } = deletion;
  const escape = escapes.get(check.id);
  if (isAgreed(escape, name, today)) return `allowed by postgres.io/allow-${check.id} (${quoted(escape ?? '')})`;
  const exemption = exemptionOf(policy, { check: check.id, namespace, name, today });
  return exemption === undefined ? undefined : `exempt until ${exemption.until} (${quoted(exemption.reason)})`;
}
