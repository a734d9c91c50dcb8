import type { Operation, Outcome } from './set-place.ts';

/** What is known of the off-site copy; written by keep-offsite.ts, read by the HTTP pages. */
export interface OffsiteStatus {
  /** For a person, without secrets. */
  name: string;
  /** How long received WAL may wait here before it is sent. */
  readonly pushSeconds: number;
  /** It is proven to be this store's, and what it holds is known. */
  ours: boolean;
  /** When something was last stored there. */
  lastPushAt: Date | null;
  /** At this time all WAL that the claim had was there. */
  completeAt: Date | null;
  /** All WAL that the server had at this time is there: what was committed before it comes back. */
  completeThrough: Date | null;
  /** Up to where all received WAL of a timeline is there; null: not known. */
  sent: { readonly timeline: number; readonly lsn: bigint } | null;
  lagBytes: number;
  baseBackups: number;
  /** `operation outcome` → requests since the agent started. */
  readonly requests: Map<string, { readonly operation: Operation; readonly outcome: Outcome; count: number }>;
}

export function newOffsiteStatus(name: string, pushSeconds: number): OffsiteStatus {
  return {
    name,
    pushSeconds,
    ours: false,
    lastPushAt: null,
    completeAt: null,
    completeThrough: null,
    sent: null,
    lagBytes: 0,
    baseBackups: 0,
    requests: new Map(),
  };
}

export function countRequest(status: OffsiteStatus): (operation: Operation, outcome: Outcome) => void {
  return (operation, outcome) => {
    const key = `${operation} ${outcome}`;
    const known = status.requests.get(key) ?? { operation, outcome, count: 0 };
    known.count += 1;
    status.requests.set(key, known);
  };
}

/** How long ago the copy had everything; 0 where it has now. */
export function offsiteLagSeconds(status: OffsiteStatus, startedAt: Date, now: Date): number {
  return status.lagBytes === 0 && status.ours ? 0 : (now.getTime() - (status.completeAt ?? startedAt).getTime()) / 1000;
}
