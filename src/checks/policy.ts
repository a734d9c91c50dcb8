import { quoted } from './shown-text.ts';

/** What a cluster's administrator says about checks, from the cluster config file. */
export interface CheckPolicy {
  /** By check id; a check that is not named keeps its own severity. `enforce` makes a warning a denial. */
  readonly modes: ReadonlyMap<string, CheckMode>;
  readonly exemptions: readonly CheckExemption[];
  /** Of which volumes of managed sets may be made (storageclass-not-allowed). Undefined: of any. */
  readonly storageClasses: readonly string[] | undefined;
}

export type CheckMode = 'enforce' | 'warn' | 'off';

/** A finding that this covers becomes a warning that names `reason` and `until`. */
export interface CheckExemption {
  readonly check: string;
  readonly namespace: string;
  /** One StatefulSet, or of a deletion what goes, a claim too; undefined: the whole namespace. */
  readonly name: string | undefined;
  readonly reason: string;
  /** ISO date; the exemption still holds on this day. */
  readonly until: string;
}

/** ISO dates sort as text. */
export function hasEnded({ until }: CheckExemption, today: string): boolean {
  return until < today;
}

/** The first exemption that covers a check of an object on a day, in words; undefined: there is none. */
export function exemptionFor(
  { exemptions }: CheckPolicy,
  of: { readonly check: string; readonly namespace: string; readonly name: string; readonly today: string },
): string | undefined {
  const found = exemptions.find(
    (exemption) =>
      exemption.check === of.check &&
      exemption.namespace === of.namespace &&
      (exemption.name === undefined || exemption.name === of.name) &&
      !hasEnded(exemption, of.today),
  );
  return found === undefined ? undefined : `exempt until ${found.until} (${quoted(found.reason)})`;
}

export const noPolicy: CheckPolicy = { modes: new Map(), exemptions: [], storageClasses: undefined };
