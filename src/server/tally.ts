import type { AdmissionRequest, Outcome } from '../admission/admission.ts';
import type { Webhook } from '../admission/handler.ts';

/** How often something was counted with these labels. Every label has a small fixed set of values: no namespace, name or user is one. */
export interface Count {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
}

export interface Durations {
  readonly webhook: Webhook;
  /** By bucket, not cumulative; the last one has no upper bound. */
  readonly counts: number[];
  sum: number;
}

/** Upper bounds in seconds. kube-apiserver gives a webhook 10 s by default and 30 s at most; a review takes well below a millisecond. */
export const durationBounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 10] as const;

/**
 * What the server counts, as plain numbers: a metrics library costs more for each review than the log line, and a seventh of the time to
 * start. metrics.ts words them for Prometheus when they are asked for.
 */
export class Tally {
  readonly reviews = new Map<string, Count>();
  readonly findings = new Map<string, Count>();
  readonly refusals = new Map<string, Count>();
  readonly aborts = new Map<string, Count>();
  readonly durations = new Map<Webhook, Durations>();
  patchOperations = 0;
  inFlight = 0;
  /** Why the configuration in use is not what the file says; empty where it is. */
  configurationProblems: readonly string[] = [];

  reviewed(webhook: Webhook, request: AdmissionRequest, verdict: Outcome, seconds: number): void {
    const { operation, dryRun } = request;
    const { decision } = verdict;
    add(this.reviews, `${webhook} ${operation} ${decision} ${String(dryRun)}`, () => ({
      webhook,
      operation,
      decision,
      dry_run: String(dryRun),
    }));
    this.patchOperations += verdict.operations.length;
    this.#timed(webhook, seconds);
    if (dryRun) return;
    for (const { check, severity } of verdict.findings) {
      add(this.findings, `${check} ${severity}`, () => ({ check, severity }));
    }
  }

  /** An answer that is no review: 400, 408, 413, 415, 500 … */
  refused(webhook: Webhook, code: number): void {
    add(this.refusals, `${webhook} ${String(code)}`, () => ({ webhook, code: String(code) }));
  }

  /** The client went away before its body was here. */
  aborted(webhook: Webhook): void {
    add(this.aborts, webhook, () => ({ webhook }));
  }

  #timed(webhook: Webhook, seconds: number): void {
    let durations = this.durations.get(webhook);
    if (durations === undefined) {
      durations = { webhook, counts: Array.from({ length: durationBounds.length + 1 }, () => 0), sum: 0 };
      this.durations.set(webhook, durations);
    }
    const bucket = durationBounds.findIndex((bound) => seconds <= bound);
    const index = bucket < 0 ? durationBounds.length : bucket;
    durations.counts[index] = (durations.counts[index] ?? 0) + 1;
    durations.sum += seconds;
  }
}

function add(counts: Map<string, Count>, key: string, labels: () => Readonly<Record<string, string>>): void {
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { labels: labels(), count: 1 });
  else known.count += 1;
}
