import type { SetStatus } from '../status/set-status.ts';

/** All that the page shows, as it is known at one moment. */
export interface Overview {
  readonly at: Date;
  readonly version: string;
  /** The replica of the webhook that this is: decisions and its certificate are its own. */
  readonly replica: string;
  readonly sets: SetsKnown;
  readonly decisions: Decisions;
  readonly certificates: readonly CertificateAge[];
  /** What a person should know of this replica: a configuration that cannot be used, look-ups that are forbidden. */
  readonly remarks: readonly string[];
}

export type SetsKnown =
  /** No cluster is watched. */
  | { readonly kind: 'no-cluster' }
  /** The first look is under way. */
  | { readonly kind: 'not-yet' }
  | { readonly kind: 'known'; readonly at: Date; readonly sets: readonly SetStatus[] }
  /** `last`: what was known before, null where nothing was. */
  | { readonly kind: 'failed'; readonly problem: string; readonly last: KnownSets | null };

export type KnownSets = Extract<SetsKnown, { readonly kind: 'known' }>;

/** What is known, however old; null where nothing is. */
export function knownSets(sets: SetsKnown): KnownSets | null {
  return sets.kind === 'known' ? sets : sets.kind === 'failed' ? sets.last : null;
}

/** What this replica answered within the last hour, the newest first. */
export interface Decisions {
  readonly since: Date;
  readonly newest: readonly ReviewDecision[];
  /** Of the whole hour; the counts that are largest first. */
  readonly byDecision: readonly Counted[];
  readonly byCheck: readonly Counted[];
}

export interface Counted {
  readonly name: string;
  readonly count: number;
}

export interface ReviewDecision {
  readonly at: Date;
  readonly webhook: 'mutate' | 'validate';
  readonly operation: string;
  readonly namespace: string;
  readonly name: string;
  readonly dryRun: boolean;
  readonly decision: string;
  /** Ids of the checks that said something. */
  readonly checks: readonly string[];
}

export interface CertificateAge {
  /** What it is: "serves here", "authority". */
  readonly what: string;
  readonly subject: string;
  readonly from: Date;
  readonly to: Date;
}
