import { setTimeout as pause } from 'node:timers/promises';
import { patience } from './patience.ts';

/**
 * Asks until there is an answer that is not undefined; a question that fails is asked again.
 * @throws after the time (milliseconds, times `patience`), with what the last question failed with as its cause.
 */
export async function until<Answer>(
  what: string,
  milliseconds: number,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer> {
  const limit = milliseconds * patience;
  const end = Date.now() + limit;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`Waited ${limit / 1000} s for ${what}.`, { cause: last });
    await pause(150);
  }
}
