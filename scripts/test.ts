/**
 * `npm test`: everything that this machine has the tools for, one step after the other, and a closing summary whose last line is
 * `N passed, N failed, N skipped`.
 *
 * A step whose tools are missing is skipped, with the reason; where CI=true that is a failure, and so is a skipped test.
 * Exit codes: 0 nothing failed; 1 something did.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runBats } from './test/bats.ts';
import { listShellFiles } from './test/shell-files.ts';
import { runProgram } from './test/run-program.ts';
import { sumResults } from './test/step-result.ts';
import type { StepResult } from './test/step-result.ts';
import { runVitest } from './test/vitest.ts';
import { nodeIsUp } from './cluster/node.ts';
import { reasonAgainst } from './cluster/packages.ts';
import { findTool } from '../test/support/tool.ts';

interface Step {
  readonly name: string;
  /** Programs that it cannot do without. */
  readonly tools: readonly string[];
  /** What else it cannot do without, and is not there. */
  reasonAgainst?(): string | undefined;
  run(): Promise<StepResult>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
/** How many files are named, so that somebody sees where the time goes. */
const slowest = 10;

const strict = process.env['CI'] === 'true';

const steps: readonly Step[] = [
  { name: 'type check', tools: [], run: () => check('tsc', ['-p', '.']) },
  { name: 'lint', tools: [], run: () => check('eslint', [`--concurrency=${availableParallelism()}`, '.']) },
  { name: 'format', tools: [], run: () => check('prettier', ['--check', '--log-level=warn', '.']) },
  {
    name: 'ShellCheck',
    tools: ['shellcheck'],
    run: () => check('shellcheck', ['--external-sources', ...listShellFiles(root)]),
  },
  { name: 'shell (bats)', tools: ['bats', 'dash', 'busybox'], run: () => runBats(root) },
  { name: 'ring 1: core', tools: [], run: () => runVitest(root, 'core') },
  { name: 'ring 2: apiserver', tools: ['go'], run: () => runVitest(root, 'apiserver') },
  {
    name: 'ring 3: postgres',
    tools: ['postgres', 'pg_basebackup', 'pg_receivewal', 'flock'],
    run: () => runVitest(root, 'postgres'),
  },
  {
    name: 'ring 4: cluster',
    tools: [],
    reasonAgainst: () =>
      reasonAgainst() ??
      (nodeIsUp() && !strict
        ? 'the node of `npm run cluster:up` is there and is left alone; `npm run cluster:down` first, or PGUSHER_CLUSTER=keep npm run test:cluster'
        : undefined),
    run: () => runVitest(root, 'cluster*'),
  },
];

// Scenarios take the webhook away and destroy volumes: only where `npm run test:cluster` is asked for may that be somebody's cluster.
delete process.env['KUBECONFIG'];

const results: StepResult[] = [];
const minutes: number[] = [];
for (const step of steps) {
  console.log(`\n== ${step.name}`);
  const began = performance.now();
  results.push(await runStep(step));
  minutes.push((performance.now() - began) / 60_000);
}
report();

async function runStep(step: Step): Promise<StepResult> {
  const missing = step.tools.map((tool) => findTool(tool)).filter((tool) => !tool.found);
  const reasons = [...missing.map((tool) => tool.reason), step.reasonAgainst?.()].filter(
    (reason) => reason !== undefined,
  );
  if (reasons.length > 0) {
    const reason = reasons.join('; ');
    console.log(`${strict ? 'failed' : 'skipped'}: ${reason}`);
    return { passed: 0, failed: strict ? 1 : 0, skipped: strict ? 0 : 1, notes: [reason] };
  }
  const result = await step.run();
  if (!strict || result.skipped === 0) return result;
  return {
    ...result,
    failed: result.failed + result.skipped,
    skipped: 0,
    notes: [...result.notes, 'CI=true: a skipped test counts as failed'],
  };
}

/** A step that is one yes or no. */
async function check(program: string, args: readonly string[]): Promise<StepResult> {
  const { status } = await runProgram(program, args, { cwd: root, output: 'shown' });
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0, notes: [] };
}

function report(): void {
  console.log('\n== summary');
  for (const [index, step] of steps.entries()) {
    const result = results[index];
    if (result === undefined) continue;
    const mark = result.failed > 0 ? 'FAILED ' : result.passed === 0 ? 'skipped' : 'ok     ';
    const counts = `${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`;
    console.log(`${mark} ${step.name.padEnd(18)} ${(minutes[index] ?? 0).toFixed(1).padStart(5)} min  ${counts}`);
    for (const note of result.notes) console.log(`          ${note}`);
  }
  const { passed, failed, skipped, files = [] } = sumResults(results);
  if (files.length > 0) {
    console.log(`\nThe slowest of ${files.length} files of tests, hooks included:`);
    for (const { file, seconds } of [...files].sort((left, right) => right.seconds - left.seconds).slice(0, slowest)) {
      console.log(`${seconds.toFixed(0).padStart(5)} s  ${file}`);
    }
    console.log(`${minutes.reduce((sum, one) => sum + one, 0).toFixed(1)} min in all`);
  }
  process.exitCode = failed > 0 ? 1 : 0;
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
}
