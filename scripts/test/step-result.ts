import type { FileTime } from './file-times.ts';

/** What one step of `npm test` came to. */
export interface StepResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Lines for the summary: what failed, what was skipped and why. */
  readonly notes: readonly string[];
  /** Of a ring: how long each of its files took. */
  readonly files?: readonly FileTime[];
}

export function sumResults(results: readonly StepResult[]): StepResult {
  const sum = (count: (result: StepResult) => number): number =>
    results.reduce((total, result) => total + count(result), 0);
  return {
    passed: sum((result) => result.passed),
    failed: sum((result) => result.failed),
    skipped: sum((result) => result.skipped),
    notes: results.flatMap((result) => result.notes),
    files: results.flatMap((result) => result.files ?? []),
  };
}
