import { noObservations } from './check.ts';
import type { Check, Finding, Gap } from './check.ts';
import { agreementWanted, isAgreed } from './deletion/dated-escape.ts';
import type { Deletion, DeletionSurroundings } from './deletion/deletion.ts';
import { couldNotLookUp } from './look-up.ts';
import { exemptionFor } from './policy.ts';
import type { CheckPolicy } from './policy.ts';
import { checks } from './registry.ts';
import { toFinding } from './run-checks.ts';
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
    const mode = input.policy.modes.get(check.id);
    if (mode === 'off') return [];
    const observed = check.examineDeletion?.(input.deletion, input) ?? noObservations;
    for (const { gap } of observed) if (gap !== undefined) gaps.push(gap);
    return observed
      .filter(({ gap }) => gap === undefined)
      .map((observation) => soften(toFinding(check, observation, mode), input));
  });
  const all = gaps.length === 0 ? findings : [...findings, couldNotLookUp(gaps)];
  return all.toSorted((left, right) => Number(left.severity !== 'deny') - Number(right.severity !== 'deny'));
}

/** A denial that may pass is a warning; one that stands says what to write. */
function soften(finding: Finding, input: DeletionInput): Finding {
  if (finding.severity === 'warn') return finding;
  const { deletion, today } = input;
  // A denial would keep a namespace from ending, if that is what happens here.
  if (deletion.namespaceIsEnding !== false) return { ...finding, severity: 'warn' };
  const pass = passFor(finding.check, input);
  if (pass !== undefined) return { ...finding, severity: 'warn', message: `${pass}: ${finding.message}` };
  const how = agreementWanted(finding.check, deletion, deletion.escapes.get(finding.check), today);
  return { ...finding, message: `${finding.message} ${how}` };
}

function passFor(check: string, { deletion, policy, today }: DeletionInput): string | undefined {
  const { namespace, name, escapes } = deletion;
  const escape = escapes.get(check);
  if (isAgreed(escape, name, today)) return `allowed by postgres.io/allow-${check} (${quoted(escape ?? '')})`;
  return exemptionFor(policy, { check, namespace, name, today });
}
