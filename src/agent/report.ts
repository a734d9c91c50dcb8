/**
 * What the agent says of itself at /report, as JSON: what `pgusher status` reads through the apiserver. Fields may be added; one that is
 * here keeps its name and meaning. Times are ISO 8601 in UTC. No secret, no row and no statement is ever in it.
 */
export interface AgentReport {
  readonly format: 1;
  readonly agentVersion: string;
  readonly namespace: string;
  readonly set: string;
  readonly startedAt: string;
  /** What `/readyz` answers with 200. */
  readonly safe: boolean;
  /** Why not, a sentence each. */
  readonly reasons: readonly string[];
  readonly server: {
    readonly kind: 'waiting' | 'recovering' | 'primary';
    readonly major: number | null;
    readonly systemId: string | null;
    readonly timeline: number | null;
  };
  /** False: `backup: off`, or nowhere to put backups. */
  readonly backupWanted: boolean;
  /** Null: nothing can be restored. */
  readonly recoverable: { readonly from: string; readonly to: string | null } | null;
  readonly backups: {
    readonly count: number;
    readonly running: boolean;
    readonly newest: { readonly id: string; readonly finishedAt: string; readonly verified: boolean } | null;
    readonly nextAt: string | null;
    /** Since when the schedule waits for a base backup; null where it does not. */
    readonly overdueSince: string | null;
    readonly lastVerification: { readonly at: string; readonly ok: boolean; readonly id: string } | null;
  };
  /** Absent: an agent that makes none. */
  readonly dumps?: {
    /** There is a schedule. */
    readonly wanted: boolean;
    readonly count: number;
    readonly running: boolean;
    /** `failures`: databases that are not in it although they should be, and its roles. */
    readonly newest: {
      readonly id: string;
      readonly finishedAt: string;
      readonly storedSize: number;
      readonly failures: number;
    } | null;
    readonly nextAt: string | null;
    readonly overdueSince: string | null;
  } | null;
  readonly wal: {
    readonly streaming: boolean;
    readonly lagBytes: number;
    readonly lagSeconds: number;
    readonly slot: string;
    readonly gaps: number;
  };
  /** Null: it is no standby that follows another set's backups; absent: an agent that knows none. */
  readonly archive?: {
    readonly lagSeconds: number;
    /** All that was committed in that set up to then was replayed, and is in its backups; null: not known. */
    readonly completeThrough: string | null;
    readonly storeThrough: string | null;
    readonly replayedLsn: string;
  } | null;
  /** Bytes. */
  readonly store: { readonly free: number; readonly total: number };
  readonly lastFailure: { readonly at: string; readonly message: string } | null;
}
