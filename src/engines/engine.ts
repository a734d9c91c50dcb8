import type { StoreContract } from '../agent/contract.ts';
import type { JsonObject } from '../workload/json.ts';
import type { PostgresWorkload, ServerContainer } from '../workload/postgres-workload.ts';

export type Destination =
  | {
      readonly kind: 'store';
      /** What the agent is told. */
      readonly store: StoreContract;
      /** Added to the pod and mounted in the agent's containers. */
      readonly volumes: readonly JsonObject[];
      readonly mounts: readonly JsonObject[];
      readonly claimTemplates: readonly JsonObject[];
      /** Bytes, where it is no claim but a folder of the node on the way to an object store (contract.ts, OffsiteContract). */
      readonly spool?: number;
      /** One clause for a person: "claim template pgusher-backup, 20Gi". */
      readonly description: string;
    }
  /** Nowhere to put backups; `reason` says why and what to write. */
  | { readonly kind: 'none'; readonly reason: string };

/** A source to restore from that is not the set's own store (clone); mounted read-only. */
export type Source =
  | Extract<Destination, { readonly kind: 'store' }>
  /**
   * Asked for, but nowhere to be found. The agent is told of it all the same: it finds no mount there and stops, since what
   * was to be a clone must never become an empty database.
   */
  | { readonly kind: 'none'; readonly store: StoreContract; readonly reason: string };

/** What an engine may look at. */
export interface EngineContext {
  readonly workload: PostgresWorkload;
  readonly server: ServerContainer;
  /** Claim templates can be added on CREATE only: they are immutable. */
  readonly operation: 'CREATE' | 'UPDATE';
  /** The claim templates that an earlier render added; they are no part of `workload`, which was stripped. */
  readonly injectedClaimTemplates: readonly JsonObject[];
}

export interface BackupEngine {
  /** Value of `backup-engine` = folder name. */
  readonly name: string;
  readonly summary: string;
  destination(context: EngineContext): Destination;
  /** undefined: restores come from the set's own destination. */
  source(context: EngineContext, destination: Destination): Source | undefined;
}
