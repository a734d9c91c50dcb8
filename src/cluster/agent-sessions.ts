import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { AgentAnswer } from '../commands/promotion.ts';
import type { ProcessInPod } from './exec-in-pod.ts';

/** How the agents of a set are reached. */
export interface AgentReach {
  /** `pgusher-agent session` (src/agent/session.ts) beside the server of a pod. */
  startSession(pod: string, input: Readable): ProcessInPod;
  /** One command in a process of its own. @throws where the agent cannot be reached. */
  once(pod: string, args: readonly string[]): Promise<AgentAnswer>;
}

export interface AgentSessions {
  /** One command after the other for each pod. @throws where the agent cannot be reached, or is gone before it has answered. */
  ask(pod: string, args: readonly string[]): Promise<AgentAnswer>;
  /** Their processes end, once what they do is done. */
  close(): void;
}

/** A balancer in front of the apiserver may forget a connection that lies idle, and tell neither end. */
const freshMs = 20_000;

/** A node that is gone answers no goodbye. */
const closeMs = 2_000;

interface Session {
  ask(args: readonly string[]): Promise<AgentAnswer>;
  /** Milliseconds since its last answer. */
  idle(): number;
  close(): void;
}

/**
 * One process for each pod takes all commands of a promotion. An agent of an earlier version, which knows no sessions, gets a process for
 * each; one whose session is gone (its pod was made anew) gets another one with its next command.
 */
export function agentSessions(reach: AgentReach): AgentSessions {
  const sessions = new Map<string, Session>();
  const without = new Set<string>();
  const sessionOf = (pod: string): Session => {
    const known = sessions.get(pod);
    if (known !== undefined && known.idle() < freshMs) return known;
    known?.close();
    const session = startSession(pod, reach, () => {
      if (sessions.get(pod) === session) sessions.delete(pod);
    });
    sessions.set(pod, session);
    return session;
  };
  return {
    ask: async (pod, args) => {
      if (without.has(pod)) return reach.once(pod, args);
      try {
        return await sessionOf(pod).ask(args);
      } catch (error) {
        if (!(error instanceof NoSessions)) throw error;
        without.add(pod);
        return reach.once(pod, args);
      }
    },
    close: () => {
      for (const session of sessions.values()) session.close();
      sessions.clear();
    },
  };
}

/** An agent of an earlier version: nothing was done by it. */
class NoSessions extends Error {
  override readonly name = 'NoSessions';
}

interface Waiting {
  readonly resolve: (answer: AgentAnswer) => void;
  readonly reject: (reason: Error) => void;
}

function startSession(pod: string, reach: AgentReach, gone: () => void): Session {
  const input = new PassThrough();
  const { output, ended, drop } = reach.startSession(pod, input);
  const waiting: Waiting[] = [];
  let [answers, heardAt] = [0, performance.now()];
  let over: Error | null = null;
  const end = (reason: Error): void => {
    if (over !== null) return;
    over = reason;
    gone();
    input.end();
    for (const { reject } of waiting.splice(0)) reject(reason);
  };
  createInterface({ input: output }).on('line', (line) => {
    const answer = parseAnswer(line);
    if (answer === null) {
      end(new Error(`the agent of ${pod} answered ${JSON.stringify(line.slice(0, 80))}; wanted a line of JSON`));
      return;
    }
    answers += 1;
    heardAt = performance.now();
    waiting.shift()?.resolve(answer);
  });
  ended.then(
    ({ code, error }) => {
      end(
        answers === 0 && error.includes("unknown command 'session'")
          ? new NoSessions(error)
          : new Error(`the agent's process in ${pod} ended (${code}${error === '' ? '' : `: ${error.trim()}`})`),
      );
    },
    (failure: unknown) => {
      end(failure instanceof Error ? failure : new Error(String(failure)));
    },
  );
  return {
    ask: async (args) => {
      if (over !== null) throw over;
      return new Promise<AgentAnswer>((resolve, reject) => {
        waiting.push({ resolve, reject });
        input.write(`${JSON.stringify(args)}\n`);
      });
    },
    // One that is at work, or starts, is heard of when it answers.
    idle: () => (waiting.length > 0 || answers === 0 ? 0 : performance.now() - heardAt),
    close: () => {
      end(new Error(`the session with ${pod} was closed`));
      const late = setTimeout(drop, closeMs);
      void ended
        .catch(() => undefined)
        .finally(() => {
          clearTimeout(late);
        });
    },
  };
}

function parseAnswer(line: string): AgentAnswer | null {
  try {
    const { code, out, error } = JSON.parse(line) as Partial<Record<keyof AgentAnswer, unknown>>;
    return typeof code === 'number' && typeof out === 'string' && typeof error === 'string'
      ? { code, out, error }
      : null;
  } catch {
    return null;
  }
}
