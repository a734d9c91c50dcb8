import type { JsonObject } from '../workload/json.ts';

/**
 * What pgusher adds to a user's StatefulSet: a plain value that can be printed, hashed, compared, applied and read back.
 * `extractPlan(applyPlan(object, plan))` is `plan`, and `strip(applyPlan(object, plan))` is `object`.
 */
export interface Plan {
  /** `pgusher-*`, in the order in which they come after the user's own init containers. */
  readonly initContainers: readonly JsonObject[];
  /** `pgusher` and `pgusher-*`, appended after the user's volumes. */
  readonly volumes: readonly JsonObject[];
  /**
   * `pgusher-*`; only ever added on CREATE. On UPDATE `renderPlan(workload, operation, injected)` takes the plan that stands
   * in the object and carries these and a PGDATA that was added or moved: the agent's parts must agree with both.
   */
  readonly claimTemplates: readonly JsonObject[];
  readonly server: ServerChange | undefined;
  readonly pod: PodChange;
}

/** Changes to the Postgres container. Everything here is an addition but `replacedEnv` and `preStop`, which may wrap. */
export interface ServerChange {
  readonly container: string;
  /** Appended; names that the user does not have. */
  readonly env: readonly JsonObject[];
  /** Literal values of the user that change, where they stand: PGDATA that is moved off the mount's root on CREATE. */
  readonly replacedEnv: readonly ReplacedEnv[];
  /** Appended; mounts of `pgusher`, `pgusher-*` volumes (and of /dev/shm). */
  readonly volumeMounts: readonly JsonObject[];
  /** Appended to args; where the user has neither command nor args, `postgres` comes first. */
  readonly args: readonly string[];
  /** Appended; a port the user has not. */
  readonly ports: readonly JsonObject[];
  readonly startupProbe: JsonObject | undefined;
  readonly readinessProbe: JsonObject | undefined;
  /** The exec command in front of the user's own: `[...command, '--', ...user's]`, or alone. */
  readonly preStop: readonly string[] | undefined;
}

/** An `env` entry of the user with a literal value. */
export interface ReplacedEnv {
  readonly name: string;
  readonly value: string;
  /** The user's own value, which `strip` and `uninject` put back. */
  readonly was: string;
}

export interface PodChange {
  /** terminationGracePeriodSeconds raised to this; undefined: the user's is enough. */
  readonly graceSeconds: number | undefined;
}

/** Why each thing is in the plan, or why it is not: for the CLI, warnings, `explain`. Not part of what is applied or hashed. */
export interface Reason {
  /** Injection id. */
  readonly injection: string;
  readonly outcome: 'injected' | 'skipped';
  /** One sentence without full stop, for a person. */
  readonly text: string;
}

export interface ReasonedPlan {
  readonly plan: Plan;
  readonly reasons: readonly Reason[];
}
