import { setTimeout as sleep } from 'node:timers/promises';
import type { Absent, Trouble } from '../place.ts';
import type { StoreLimits } from './limits.ts';
import { AttemptTimeout } from './failed-request.ts';
import type { Failure } from './outcome-of-failure.ts';

export interface Answered<Output> {
  readonly outcome: 'answered';
  readonly output: Output;
}

/** `doubt`: an attempt before may have been carried out although its answer never came. */
export type Reply<Output> = (Answered<Output> | Failure) & { readonly doubt: boolean };

/** What an attempt gives to the client. */
export interface AttemptOptions {
  readonly abortSignal: AbortSignal;
  readonly requestTimeout: number;
}

export interface RequestContext {
  readonly limits: StoreLimits;
  /** Of the place, for words. */
  readonly name: string;
  /** What it means that an attempt threw this. */
  readonly outcomeOf: (error: unknown, asked: string) => Failure;
}

/**
 * One request until it has an answer that counts, or the budget of time is spent. Tried again is what a moment may cure: nobody there, a
 * connection that broke or was silent, a store that asks for patience (as long as it asks for), and once a clock, of which the
 * client learns the difference by the refusal. All else is told at once.
 * @param what `GET base/x/DONE.json`
 * @param sent bytes of the body, which need their time.
 */
export async function request<Output>(
  { limits, name, outcomeOf }: RequestContext,
  what: string,
  attempt: (options: AttemptOptions) => Promise<Output>,
  { sent = 0, signal }: { readonly sent?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<Reply<Output>> {
  const asked = `${what} in ${name}`;
  const end = performance.now() + limits.budgetMs;
  let pause = limits.pauseMs;
  let doubt = false;
  let clockLearned = false;
  for (;;) {
    if (signal?.aborted === true) {
      return { ...stopped(asked), doubt };
    }
    const reply = await oneAttempt(limits, outcomeOf, asked, attempt, sent, signal);
    if (reply.outcome === 'denied' && reply.why === 'clock' && !clockLearned) {
      clockLearned = true;
      continue;
    }
    // A name or a certificate is put right by somebody, not by waiting.
    if (reply.outcome !== 'unreachable' || reply.why === 'tls' || reply.why === 'name') {
      return { ...reply, doubt };
    }
    // An answer with 5xx proves nothing about what was done before it was sent.
    doubt = true;
    const wait = Math.max(reply.retryAfterMs ?? 0, pause * (0.5 + Math.random() / 2));
    if (performance.now() + wait > end) {
      return { ...reply, doubt };
    }
    try {
      await sleep(wait, undefined, { signal });
    } catch {
      return { ...stopped(asked), doubt };
    }
    pause = Math.min(pause * 2, limits.pauseMs * 20);
  }
}

async function oneAttempt<Output>(
  limits: StoreLimits,
  outcomeOf: RequestContext['outcomeOf'],
  asked: string,
  attempt: (options: AttemptOptions) => Promise<Output>,
  sent: number,
  signal: AbortSignal | undefined,
): Promise<Answered<Output> | Failure> {
  const answerMs = limits.answerMs + (sent / limits.bytesPerSecond) * 1000;
  // Where the credentials come from a server of the platform, the client asks it first, without any limit.
  const deadline = new AbortController();
  const abortSignal = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
  const timer = setTimeout(() => {
    deadline.abort(new AttemptTimeout(`no answer within ${Math.round((limits.connectMs + answerMs) / 1000)} s`));
  }, limits.connectMs + answerMs);
  try {
    const answer = attempt({ abortSignal, requestTimeout: answerMs });
    return { outcome: 'answered', output: await beforeAbort(answer, abortSignal) };
  } catch (error) {
    if (signal?.aborted === true) {
      return stopped(asked);
    }
    return outcomeOf(deadline.signal.aborted ? deadline.signal.reason : error, asked);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer, or an end when the signal says so, whatever the client still waits for. */
async function beforeAbort<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>();
  const abort = (): void => {
    over.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  // Whichever of the two comes second is heard by nobody.
  answer.catch(() => undefined);
  over.promise.catch(() => undefined);
  try {
    return await Promise.race([answer, over.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

export function stopped(asked: string): Trouble {
  return {
    outcome: 'unreachable',
    why: 'broken',
    retryAfterMs: null,
    words: `${asked}: given up because it was asked to stop`,
  };
}

/** For verbs in which these three are none of the answers that they know: the store contradicts itself. */
export function troubleOf(
  reply: Absent | Trouble | { readonly outcome: 'condition-failed' | 'upload-gone' },
  asked: string,
): Trouble {
  switch (reply.outcome) {
    case 'absent':
    case 'condition-failed':
    case 'upload-gone':
      return { outcome: 'not-this-store', words: `${asked}: answered "${reply.outcome}", which is no answer to that` };
    default:
      return reply;
  }
}
