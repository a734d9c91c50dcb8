import type { Finding } from '../checks/check.ts';
import type { CheckPolicy } from '../checks/policy.ts';
import type { Operation } from '../plan/json-patch.ts';
import type { Reason } from '../plan/plan.ts';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import type { JsonObject } from '../workload/json.ts';

/** What the core needs of an AdmissionReview's request. The objects are left raw. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  /** What was asked about; `kind` says what is sent, which is a Scale for the sub-resource of all that can be scaled. */
  readonly resource: { readonly group: string; readonly resource: string };
  /** Empty but for sub-resources (`scale`, `status`). */
  readonly subResource: string;
  /** From the request: the object may lack it. Empty for cluster-wide objects. */
  readonly namespace: string;
  /** Empty with generateName. */
  readonly name: string;
  readonly user: string;
  readonly dryRun: boolean;
  /** DELETE with `--cascade=orphan`: what belongs to the object stays. */
  readonly orphans: boolean;
  readonly object: JsonObject | undefined;
  readonly oldObject: JsonObject | undefined;
}

/** What surrounds a decision. Everything here is a value in memory: nothing on the hot path reaches a network. */
export interface AdmissionContext {
  /** `settings` of the cluster config file, by setting name without prefix. */
  readonly clusterSettings: Readonly<Record<string, string>>;
  readonly policy: CheckPolicy;
  /** Render anew when the user's own change restarts the pods anyway (docs/pinning.md). */
  readonly withRollout: boolean;
  /** Annotations of a namespace, from a watch; undefined: not known (not synced, or no cluster). */
  namespaceAnnotations(namespace: string): Readonly<Record<string, string>> | undefined;
  /** Whether a namespace is being deleted, from the same watch; undefined: not known. */
  namespaceIsEnding(namespace: string): boolean | undefined;
  /** Other objects, from watches or from files. */
  readonly facts: ClusterFacts;
  /** ISO date, for exemptions with an end. */
  readonly today: string;
}

/** One vocabulary for log line, metric label, audit annotation and command line. */
export type Decision =
  | 'not-managed' // no label, or another value than "true"
  | 'not-ours' // a kind we do not look at, a sub-resource, DELETE, an object being deleted
  | 'left-alone' // an image that brings its own management
  | 'rendered'
  | 'carried-forward'
  | 'rolled-back'
  | 'uninjected'
  | 'unchanged'
  | 'accepted' // validate
  | 'denied';

/** What log line, metrics and answer tell of a review. */
export interface Outcome {
  readonly decision: Decision;
  /** Why, for log line and audit annotation: one clause, bounded, names and ids only. */
  readonly reason: string;
  readonly allowed: boolean;
  /** All of them, denials first. */
  readonly findings: readonly Finding[];
  /** Mutate only; empty: nothing to change. Already applied to the input and compared. */
  readonly operations: readonly Operation[];
  readonly reasons: readonly Reason[];
  /** Besides the findings of severity warn: what was injected, that pods restart, that an edit was put back … */
  readonly warnings: readonly string[];
  /** Template hash of the injected parts, where there are any. */
  readonly revision: string | undefined;
  /** What was refused, for a person: `StatefulSet shop/orders`. kubectl names the file, which may hold several. */
  readonly subject?: string;
}

/** What mutate and validate answer; `response.ts` alone turns it into a review. */
export interface Verdict extends Outcome {
  /** The object after `operations`; the input where there are none. */
  readonly object: JsonObject | undefined;
}
