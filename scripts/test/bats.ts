import { globSync } from 'node:fs';
import { runProgram } from './run-program.ts';
import { sumResults } from './step-result.ts';
import type { StepResult } from './step-result.ts';

/** The bats files of test/shell side by side, since they mostly wait, counted from their TAP output. */
export async function runBats(root: string): Promise<StepResult> {
  const files = globSync('test/shell/**/*.bats', { cwd: root }).toSorted();
  if (files.length === 0) return { passed: 0, failed: 1, skipped: 0, notes: ['test/shell holds no *.bats'] };
  return sumResults(
    await Promise.all(
      files.map(async (file) => {
        const { status, output } = await runProgram('bats', ['--formatter', 'tap', file], {
          cwd: root,
          output: 'kept',
        });
        console.log(`${file}\n${output.trimEnd()}`);
        return countTap(output, status);
      }),
    ),
  );
}

/** What a TAP text says; a run that failed without saying what counts as one failure. */
export function countTap(tap: string, status: number): StepResult {
  const lines = tap.split('\n');
  const failures = lines.filter((line) => line.startsWith('not ok '));
  const skips = lines.filter((line) => /^ok .* # skip/i.test(line));
  const passed = lines.filter((line) => line.startsWith('ok ')).length - skips.length;
  const failed = failures.length === 0 && status !== 0 ? 1 : failures.length;
  return { passed, failed, skipped: skips.length, notes: [...failures, ...skips] };
}
