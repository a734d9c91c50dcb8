import { noPolicy } from '../../src/checks/policy.ts';
import { checks } from '../../src/checks/registry.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { noFacts } from '../../src/workload/fact-table.ts';
import { readPostgresWorkload } from '../../src/workload/read-postgres-workload.ts';
import { readSettings } from '../../src/workload/read-settings.ts';
import { strip } from '../../src/pinning/strip.ts';
import { benchBodies } from './bodies.ts';

/** Microseconds for all checks on one object, each the least of some rounds. */
export interface CheckCost {
  readonly checks: number;
  /** CREATE of 7.5 KB. */
  readonly typical: number;
  /** UPDATE of the same object: checks of the change as well. */
  readonly update: number;
  /** 1 MB, of which managedFields are the most. */
  readonly large: number;
}

/** Without reading the workload, which the injection needs as well. */
export function checkCost(runs: number, rounds: number): CheckCost {
  const bodies = new Map(benchBodies().map(({ name, bodies: [body = ''] }) => [name, body]));
  const least = (name: string): number => {
    const body = bodies.get(name) ?? '';
    // All of a round lie in memory, read.
    const count = Math.min(runs, Math.ceil(100_000_000 / body.length));
    return Math.min(
      ...Array.from({ length: rounds }, () => microseconds(Array.from({ length: count }, () => inputOf(body)))),
    );
  };
  return {
    checks: checks.length,
    typical: least('CREATE 7.5 KB'),
    update: least('UPDATE with carry-forward'),
    large: least('1 MB'),
  };
}

function inputOf(body: string): Parameters<typeof runChecks>[0] {
  const decoded = decodeReview(body);
  if (decoded.kind !== 'review') throw new Error('a body of the bench is no review');
  const { object = {}, oldObject } = decoded.request;
  const read = (raw: typeof object): ReturnType<typeof readPostgresWorkload> =>
    readPostgresWorkload(strip(raw).object, readSettings({ statefulset: {} }), 'shop');
  return {
    after: read(object),
    before: oldObject === undefined ? undefined : read(oldObject),
    policy: noPolicy,
    facts: noFacts,
    today: '2026-11-21',
  };
}

/** Each was read for itself: what checks find once for a review is not there for the next. */
function microseconds(inputs: readonly Parameters<typeof runChecks>[0][]): number {
  const start = process.hrtime.bigint();
  for (const input of inputs) runChecks(input);
  return Number(process.hrtime.bigint() - start) / 1000 / inputs.length;
}
