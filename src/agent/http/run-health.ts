import type { Print } from '../print.ts';

/** Milliseconds; the agent in the same pod answers in a few. */
const patience = 5000;

/**
 * `pgusher-agent health`: asks the agent of this pod whether the database is protected and its base backups are on schedule.
 * @returns the exit code: 0 yes; 1 no, with the reasons, a line each; 2 nobody answers.
 */
export async function runHealth(port: number, print: Print): Promise<number> {
  let answer: Response;
  try {
    answer = await fetch(`http://127.0.0.1:${String(port)}/readyz`, { signal: AbortSignal.timeout(patience) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    print.error(
      `no agent answers on port ${String(port)} (${cause instanceof Error ? cause.message : String(cause)}); wanted \`pgusher-agent backup\` running in this pod: kubectl logs POD -c pgusher-backup`,
    );
    return 2;
  }
  const text = (await answer.text()).trimEnd();
  print.out(text);
  return answer.ok ? 0 : 1;
}
