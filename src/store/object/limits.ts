/**
 * How long a store may take. The AWS client has no limit of its own in any place: a server that is silent, or a packet that nobody
 * answers, would hold it for ever, and its three attempts are over in a tenth of a second.
 */
export interface StoreLimits {
  /** Until a connection is there, TLS not counted. */
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** From the request to the head of the answer; what is sent has `bytesPerSecond` besides. */
  readonly answerMs: number;
  /** Slower than this is no connection. */
  readonly bytesPerSecond: number;
  /** All attempts of one call, and each pause without progress in the middle of a body. */
  readonly budgetMs: number;
  /** First pause between two attempts; it doubles up to twenty times this. */
  readonly pauseMs: number;
}

export const storeLimits: StoreLimits = {
  connectMs: 5_000,
  idleMs: 30_000,
  answerMs: 30_000,
  bytesPerSecond: 64 * 1024,
  budgetMs: 60_000,
  pauseMs: 250,
};
