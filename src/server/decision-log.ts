import type { AdmissionRequest, Outcome } from '../admission/admission.ts';
import type { Webhook } from '../admission/handler.ts';
import type { Counted, Decisions, ReviewDecision } from '../page/overview.ts';

/** Of a rollout of everything at once the newest are kept: some hundred bytes each. */
const mostKept = 2000;
const mostShown = 100;

/** Milliseconds that are looked back. */
const hour = 3_600_000;

/** What was decided of late, for the page alone: without one nothing is kept. Names of sets are in it, no users and no objects. */
export class DecisionLog {
  /** A ring: the oldest is at `#next` once it is full. */
  readonly #kept: ReviewDecision[] = [];
  #next = 0;

  add(webhook: Webhook, request: AdmissionRequest, verdict: Outcome, at: Date): void {
    // What nobody labelled is most of what is asked, and nothing that a person looks for here.
    if (verdict.decision === 'not-managed' || verdict.decision === 'not-ours') return;
    this.#kept[this.#next] = {
      at,
      webhook,
      operation: request.operation,
      // Whoever sends a review may name the object anything.
      namespace: request.namespace.slice(0, 253),
      name: request.name.slice(0, 253),
      dryRun: request.dryRun,
      decision: verdict.decision,
      checks: [...new Set(verdict.findings.map(({ check }) => check))],
    };
    this.#next = (this.#next + 1) % mostKept;
  }

  lastHour(now: Date): Decisions {
    const since = new Date(now.getTime() - hour);
    const newestFirst = [...this.#kept.slice(0, this.#next).reverse(), ...this.#kept.slice(this.#next).reverse()];
    const within = newestFirst.filter(({ at }) => at >= since);
    return {
      // Where older ones of the hour had to go, it is said since when there are all.
      since: within.length === mostKept ? (within.at(-1)?.at ?? since) : since,
      newest: within.slice(0, mostShown),
      byDecision: counted(within.map(({ decision }) => decision)),
      byCheck: counted(within.flatMap(({ checks }) => checks)),
    };
  }
}

function counted(names: readonly string[]): readonly Counted[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).toSorted((left, right) => right.count - left.count);
}
