import type { Plan } from '../plan/plan.ts';
import type { ClusterFacts, FactKind, WhyUnknown } from '../workload/cluster-facts.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import type { Deletion, DeletionSurroundings } from './deletion/deletion.ts';

export type Severity = 'deny' | 'warn';

/** One unsafe thing. `check` is the id of the check that saw it. */
export interface Finding {
  readonly check: string;
  readonly severity: Severity;
  /** By names, since indexes move: `spec.template.spec.containers[postgres].image`, `metadata.annotations[postgres.io/role]`. */
  readonly field: string;
  /** States the value seen and the value wanted. First line short; no control characters. */
  readonly message: string;
}

/** What a check returns; id and severity are added by the runner. `severity` only where it differs from the check's own. */
export interface Observation {
  readonly field: string;
  readonly message: string;
  readonly severity?: Severity;
  /** Nothing was seen, since this could not be looked up (look-up.ts). */
  readonly gap?: Gap;
}

export interface Gap {
  readonly facts: FactKind;
  readonly why: Exclude<WhyUnknown, 'not-asked'>;
}

/** What a check may know besides the object. */
export interface Surroundings {
  readonly operation: 'CREATE' | 'UPDATE';
  /** What pgusher had put into the object before the change; undefined where that was nothing. */
  readonly injected: Plan | undefined;
  /** All checks by id, for those that judge the escapes. */
  readonly catalogue: ReadonlyMap<string, Check>;
  /** Other objects, as far as they are known. What is unknown never leads to a denial. */
  readonly facts: ClusterFacts;
  /** `checks.storage-classes` of the cluster config file. Undefined: all of them. */
  readonly allowedStorageClasses: readonly string[] | undefined;
}

/** The object before an UPDATE (the user's own: what pgusher injected was stripped) and the one asked for. */
export interface Change {
  readonly before: PostgresWorkload;
  readonly after: PostgresWorkload;
}

export interface Check {
  /** = file name = fixture folder = heading in docs/checks/<group>.md = `allow-<id>`. */
  readonly id: string;
  readonly severity: Severity;
  /** What is unsafe, one line. */
  readonly summary: string;
  /** What happens to the data when it goes wrong. */
  readonly because: string;
  /** What to write. */
  readonly instead: string;
  /** YAML to paste, where a sentence cannot say it. Placeholders in <>. */
  readonly paste?: string;
  /** Why neither `allow-<id>` nor an exemption nor a milder mode counts; absent: they do. */
  readonly noEscape?: string;
  /** `allow-<id>` is the object's name and today's date instead of a reason (dated-escape.ts). */
  readonly datedEscape?: true;
  /** What the old object had already is denied too: with it, nothing could be injected. */
  readonly neverRatcheted?: true;
  /** Also judges images that nothing is injected into (`left-alone`): it asks nothing that such an image does by itself. */
  readonly coversLeftAlone?: true;
  /** Looks at one object. The ratchet calls it for the old object too: what that had already becomes a warning. */
  readonly examine?: (workload: PostgresWorkload, surroundings: Surroundings) => readonly Observation[];
  /** Looks at a change; only on UPDATE, never ratcheted. */
  readonly examineChange?: (change: Change, surroundings: Surroundings) => readonly Observation[];
  /** Looks at a deletion, of a set or of a claim; never ratcheted. */
  readonly examineDeletion?: (deletion: Deletion, surroundings: DeletionSurroundings) => readonly Observation[];
}

/** Nothing to say; one value, since most checks say it about most objects. */
export const noObservations: readonly Observation[] = Object.freeze([]);

/** All that several looks saw: `noObservations` where that is nothing, without a new list. */
export function joined(...lists: readonly (readonly Observation[])[]): readonly Observation[] {
  const found = lists.filter((list) => list.length > 0);
  if (found.length === 0) return noObservations;
  return found.length === 1 ? (found[0] ?? noObservations) : found.flat();
}

/**
 * The label is put on a set that was there without it: its pods run as they are. What is held to keep a pod from starting is a warning
 * then, since this one did start, by a file or a default that is not known here.
 */
export function runsAlready({ operation, injected }: Surroundings): boolean {
  return operation === 'UPDATE' && injected === undefined;
}
