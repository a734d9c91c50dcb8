/** Says what is done before it is done, and how long it took. */
export async function step<Result>(what: string, work: () => Result | Promise<Result>): Promise<Result> {
  const started = performance.now();
  process.stdout.write(`${what} ... `);
  try {
    const result = await work();
    process.stdout.write(`${seconds(started)}\n`);
    return result;
  } catch (error) {
    process.stdout.write(`failed after ${seconds(started)}\n`);
    throw error;
  }
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

/** What a person can mend; printed without a stack. */
export class CannotRun extends Error {}
