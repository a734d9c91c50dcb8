import type { Plan } from '../plan/plan.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import { noObservations } from './check.ts';
import type { Check, Finding, Gap, Observation, Severity, Surroundings } from './check.ts';
import { couldNotLookUp } from './look-up.ts';
import { managedLabelRemoved } from './settings/managed-label-removed.ts';
import { exemptionFor } from './policy.ts';
import type { CheckMode, CheckPolicy } from './policy.ts';
import { catalogue, checks } from './registry.ts';
import { quoted } from './shown-text.ts';

const noFindings: readonly Finding[] = Object.freeze([]);

export interface CheckInput {
  /** The object asked for. */
  readonly after: PostgresWorkload;
  /** The object that is there and was managed already; undefined: nothing is ratcheted. */
  readonly before?: PostgresWorkload | undefined;
  /** Where absent: UPDATE with `before`, CREATE without. An UPDATE without `before` is the moment of labelling. */
  readonly operation?: 'CREATE' | 'UPDATE';
  /** What `strip` found in the old object. */
  readonly injected?: Plan | undefined;
  readonly policy: CheckPolicy;
  readonly facts: ClusterFacts;
  /** ISO date. */
  readonly today: string;
}

/** All findings, denials first, otherwise in the order of the registry. */
export function runChecks(input: CheckInput): readonly Finding[] {
  return run(everyCheck, input);
}

/** For the UPDATE that takes the label away: the object is nobody's afterwards, so only that step is judged. */
export function runReleaseChecks(input: CheckInput): readonly Finding[] {
  return run([prepared(managedLabelRemoved)], input);
}

/** A check as the loop asks it: of one shape each, so that what is looked at for each check of each request is looked up quickly. */
interface PreparedCheck {
  readonly check: Check;
  readonly examine: Examine | undefined;
  readonly examineChange: ExamineChange | undefined;
  readonly coversLeftAlone: boolean;
}

type Examine = NonNullable<Check['examine']>;
type ExamineChange = NonNullable<Check['examineChange']>;

function prepared(check: Check): PreparedCheck {
  return {
    check,
    examine: check.examine,
    examineChange: check.examineChange,
    coversLeftAlone: check.coversLeftAlone !== undefined,
  };
}

/** Those of deletions have nothing to say here. */
const everyCheck = checks
  .map(prepared)
  .filter(({ examine, examineChange }) => (examine ?? examineChange) !== undefined);

function run(list: readonly PreparedCheck[], input: CheckInput): readonly Finding[] {
  const surroundings: Surroundings = {
    operation: input.operation ?? (input.before === undefined ? 'CREATE' : 'UPDATE'),
    injected: input.injected,
    catalogue,
    facts: input.facts,
    allowedStorageClasses: input.policy.storageClasses,
  };
  const { after, before } = input;
  const leftAlone = after.server?.family.treatment === 'left-alone';
  const findings: Finding[] = [];
  const gaps: Gap[] = [];
  // A loop, since this runs for every request and most checks have nothing to say.
  for (const one of list) {
    if (leftAlone && !one.coversLeftAlone) continue;
    const { examine, examineChange } = one;
    const examined = examine === undefined ? noObservations : examine(after, surroundings);
    const changed =
      before === undefined || examineChange === undefined
        ? noObservations
        : examineChange({ before, after }, surroundings);
    if (examined.length === 0 && changed.length === 0) continue;
    findings.push(...findingsOf(one.check, { examined, changed }, input, surroundings, gaps));
  }
  if (gaps.length > 0) findings.push(couldNotLookUp(gaps));
  if (findings.length < 2) return findings;
  return [...findings.filter(isDenial), ...findings.filter((finding) => !isDenial(finding))];
}

function isDenial(finding: Finding): boolean {
  return finding.severity === 'deny';
}

/** `gaps` gets what the check could not look up. */
function findingsOf(
  check: Check,
  { examined, changed }: { readonly examined: readonly Observation[]; readonly changed: readonly Observation[] },
  input: CheckInput,
  surroundings: Surroundings,
  gaps: Gap[],
): readonly Finding[] {
  const mode = input.policy.modes.get(check.id);
  if (mode === 'off' && check.noEscape === undefined) return noFindings;
  const standing = examined.filter(({ gap }) => gap === undefined);
  for (const { gap } of examined) if (gap !== undefined) gaps.push(gap);
  return [
    ...standing.map((observation) => {
      const isOld = (): boolean => wasThereBefore(check, observation, input, surroundings);
      return soften(toFinding(check, observation, mode), check, input, isOld);
    }),
    ...changed.map((observation) => soften(toFinding(check, observation, mode), check, input, () => false)),
  ];
}

/** What a check saw, as severe as the check, the observation or the mode of the cluster config file has it. */
export function toFinding(check: Check, observation: Observation, mode: CheckMode | undefined): Finding {
  const { field, message } = observation;
  return { check: check.id, severity: severityOf(check, observation, mode), field, message };
}

function severityOf(check: Check, observation: Observation, mode: CheckMode | undefined): Severity {
  if (mode === 'enforce') return 'deny';
  if (mode === 'warn' && check.noEscape === undefined) return 'warn';
  return observation.severity ?? check.severity;
}

/** A denial that the user, the administrator or history lets pass is a warning that says who let it pass. */
function soften(finding: Finding, check: Check, input: CheckInput, isOld: () => boolean): Finding {
  if (finding.severity === 'warn') return finding;
  const pass = passFor(check, input) ?? (isOld() ? 'was so before' : undefined);
  return pass === undefined ? finding : { ...finding, severity: 'warn', message: `${pass}: ${finding.message}` };
}

function passFor(check: Check, input: CheckInput): string | undefined {
  if (check.noEscape !== undefined) return undefined;
  const reason = input.after.settings.escapes.get(check.id)?.trim() ?? '';
  if (reason !== '') return `allowed by postgres.io/allow-${check.id} (${quoted(reason)})`;
  const { namespace, name } = input.after;
  return exemptionFor(input.policy, { check: check.id, namespace, name, today: input.today });
}

/** The message holds the value seen, so a new value in the same field is a new finding. */
function wasThereBefore(check: Check, seen: Observation, input: CheckInput, surroundings: Surroundings): boolean {
  if (input.before === undefined || check.neverRatcheted !== undefined) return false;
  const earlier = check.examine?.(input.before, surroundings) ?? [];
  return earlier.some(({ field, message }) => field === seen.field && message === seen.message);
}
