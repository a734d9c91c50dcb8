import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type * as Review from '../src/admission/review.ts';
import type * as Policy from '../src/checks/policy.ts';
import type * as Registry from '../src/checks/registry.ts';
import type * as RunChecks from '../src/checks/run-checks.ts';
import type * as Strip from '../src/pinning/strip.ts';
import type * as FactTable from '../src/workload/fact-table.ts';
import type * as ReadWorkload from '../src/workload/read-postgres-workload.ts';
import type * as ReadSettings from '../src/workload/read-settings.ts';
import { benchBodies } from './admission/bodies.ts';
import { checkoutOf } from './admission/build-of.ts';

/**
 * `npm run bench:checks -- --against REF [--rounds N]`: all checks of this build and of another one, both in this process and from their sources, on
 * reviews that each read for itself: what checks find once for a review is not there for the next. Processor time, which others on the machine
 * disturb least; the median of the ratios of paired rounds, in which the two take turns in being first.
 */
const { values } = parseArgs({
  options: { against: { type: 'string' }, rounds: { type: 'string', default: '60' } },
});
if (values.against === undefined) throw new Error('wanted --against REF, the commit to compare with');

type Run = typeof RunChecks.runChecks;
type Input = Parameters<Run>[0];

interface Build {
  readonly checks: typeof Registry.checks;
  readonly run: Run;
  input(body: string): Input;
}

async function load(root: string): Promise<Build> {
  const module = async <Exports>(path: string): Promise<Exports> =>
    (await import(pathToFileURL(join(root, 'src', path)).href)) as Exports;
  const registry = await module<typeof Registry>('checks/registry.ts');
  const { runChecks: run } = await module<typeof RunChecks>('checks/run-checks.ts');
  const { noPolicy } = await module<typeof Policy>('checks/policy.ts');
  const { decodeReview } = await module<typeof Review>('admission/review.ts');
  const { noFacts } = await module<typeof FactTable>('workload/fact-table.ts');
  const { readPostgresWorkload } = await module<typeof ReadWorkload>('workload/read-postgres-workload.ts');
  const { readSettings } = await module<typeof ReadSettings>('workload/read-settings.ts');
  const { strip } = await module<typeof Strip>('pinning/strip.ts');
  return {
    checks: registry.checks,
    run,
    input: (body) => {
      const decoded = decodeReview(body);
      if (decoded.kind !== 'review') throw new Error('a body of the bench is no review');
      const { object = {}, oldObject } = decoded.request;
      const read = (raw: typeof object): Input['after'] =>
        readPostgresWorkload(strip(raw).object, readSettings({ statefulset: {} }), 'shop');
      const before = oldObject === undefined ? undefined : read(oldObject);
      return { after: read(object), before, policy: noPolicy, facts: noFacts, today: '2026-11-21' };
    },
  };
}

/** Microseconds of processor time for each review. */
function cost(build: Build, body: string): number {
  // All of a round lie in memory, read.
  const count = Math.min(500, Math.ceil(50_000_000 / body.length));
  const inputs = Array.from({ length: count }, () => build.input(body));
  const before = process.cpuUsage();
  for (const input of inputs) build.run(input);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function median(all: readonly number[]): number {
  return [...all].sort((left, right) => left - right)[Math.floor(all.length / 2)] ?? NaN;
}

const directory = mkdtempSync(join(tmpdir(), 'pgusher-bench-'));
try {
  const ours = await load(join(import.meta.dirname, '..'));
  const other = await load(checkoutOf(values.against, join(import.meta.dirname, '..'), join(directory, 'against')));
  console.log(
    `${ours.checks.length} checks here, ${other.checks.length} at ${values.against}, ${values.rounds} rounds`,
  );
  for (const wanted of ['CREATE 7.5 KB', 'UPDATE with carry-forward', '1 MB']) {
    const body = benchBodies().find(({ name }) => name === wanted)?.bodies[0] ?? '';
    const rounds = Array.from({ length: Number(values.rounds) }, (_, round) => {
      const [first, second] = round % 2 === 0 ? [ours, other] : [other, ours];
      const costs = new Map([first, second].map((build) => [build, cost(build, body)]));
      return [costs.get(ours) ?? NaN, costs.get(other) ?? NaN] as const;
    });
    const ratio = median(rounds.map(([mine, theirs]) => mine / theirs));
    const micro = median(rounds.map(([mine]) => mine));
    console.log(`${wanted}: ${ratio.toFixed(2)} of it, ${micro.toFixed(0)} µs`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
