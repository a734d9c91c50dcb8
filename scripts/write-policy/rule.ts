import type { Check } from '../../src/checks/check.ts';

/** What the apiserver can say of one check in CEL. It may say less than the check, never more. */
export type Rule = StateRule | ChangeRule;

interface About {
  /** Id, summary, `instead` and escape are the check's. */
  readonly check: Pick<Check, 'id' | 'summary' | 'instead' | 'noEscape'>;
  /** What the check sees and the rule does not, for docs/checks.md; undefined: it sees the same. */
  readonly narrower: string | undefined;
  /**
   * The injection that mends it, so that the check only warns. The apiserver asks its policies after the webhooks: what is still so then
   * went past them, and is refused.
   */
  readonly mendedBy?: string;
}

/** Looks at one object, with and without the change: what the managed old one had is let through, as run-checks.ts does. */
export interface StateRule extends About {
  readonly kind: 'state';
  /** CEL, a list of texts: what is unsafe in the object, each by a name that is no finer than field and message of the finding. */
  seen(side: Side): string;
  /** Checks whose escapes let it through as well: after the injection the same mistake may look like this one. */
  readonly alsoEscapedBy?: readonly string[];
}

/** Looks at the step between the two objects. */
export interface ChangeRule extends About {
  readonly kind: 'change';
  /** CEL, true where the change is to be refused. */
  readonly refused: string;
}

/** The object asked for, or the one that is there. */
export interface Side {
  readonly object: 'object' | 'oldObject';
  /** How to write a variable of variables.ts. */
  readonly variable: (name: VariableName) => string;
}

export type VariableName =
  'annotations' | 'pod' | 'ours' | 'hash' | 'server' | 'mounts' | 'claims' | 'dataPath' | 'dataMount' | 'dataVolume';

function sideOf(object: Side['object'], prefix: string): Side {
  return { object, variable: (name) => `variables.${prefixed(prefix, name)}` };
}

export const asked = sideOf('object', '');
export const stored = sideOf('oldObject', 'old');

/** `dataPath` → `oldDataPath`. */
export function prefixed(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** A regular expression or a text as CEL writes it. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
