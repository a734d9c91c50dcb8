import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is not undefined; throws, with what the last answer was, after the time. */
export async function until<Answer>(
  what: string,
  milliseconds: number,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer> {
  const end = Date.now() + milliseconds;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`Waited ${milliseconds / 1000} s for ${what}.`, { cause: last });
    await pause(150);
  }
}
