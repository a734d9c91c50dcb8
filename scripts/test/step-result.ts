/** What one step of `npm test` came to. */
export interface StepResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Lines for the summary: what failed, what was skipped and why. */
  readonly notes: readonly string[];
}
