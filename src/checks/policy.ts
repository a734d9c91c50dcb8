/** What a cluster's administrator says about checks, from the cluster config file. */
export interface CheckPolicy {
  /** By check id; a check that is not named keeps its own severity. `enforce` makes a warning a denial. */
  readonly modes: ReadonlyMap<string, CheckMode>;
  readonly exemptions: readonly CheckExemption[];
}

export type CheckMode = 'enforce' | 'warn' | 'off';

/** A finding that this covers becomes a warning that names `reason` and `until`. */
export interface CheckExemption {
  readonly check: string;
  readonly namespace: string;
  /** One StatefulSet; undefined: the whole namespace. */
  readonly name: string | undefined;
  readonly reason: string;
  /** ISO date; the exemption still holds on this day. */
  readonly until: string;
}

export const noPolicy: CheckPolicy = { modes: new Map(), exemptions: [] };
