import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { agentSessions } from '../../src/cluster/agent-sessions.ts';
import type { ProcessInPod } from '../../src/cluster/exec-in-pod.ts';

interface Started {
  readonly pod: string;
  readonly asked: string[];
  readonly closed: () => boolean;
  answer(line: string): void;
  end(code: number, error: string): void;
  fail(error: Error): void;
}

/** Processes whose ends lie in the test's hand: nobody can time a real one's death. */
function reach() {
  const started: Started[] = [];
  const single: string[] = [];
  return {
    started,
    single,
    startSession: (pod: string, input: Readable): ProcessInPod => {
      const output = new PassThrough();
      const asked: string[] = [];
      let closed = false;
      input.on('end', () => (closed = true));
      createInterface({ input }).on('line', (line) => asked.push(line));
      const ended = Promise.withResolvers<{ code: number; error: string }>();
      started.push({
        pod,
        asked,
        closed: () => closed,
        answer: (line) => output.write(`${line}\n`),
        end: (code, error) => {
          ended.resolve({ code, error });
        },
        fail: ended.reject,
      });
      return { output, ended: ended.promise, drop: () => undefined };
    },
    once: (pod: string, args: readonly string[]) => {
      single.push(`${pod} ${args.join(' ')}`);
      return Promise.resolve({ code: 0, out: 'by itself', error: '' });
    },
  };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const fine = (out: string): string => JSON.stringify({ code: 0, out, error: '' });

describe('sessions with the agents of a set', () => {
  it('are one process a pod, which takes several commands and ends when they are closed', async () => {
    const there = reach();
    const sessions = agentSessions(there);
    const first = sessions.ask('db-0', ['position']);
    await soon();
    there.started[0]?.answer(fine('one'));
    expect(await first).toEqual({ code: 0, out: 'one', error: '' });
    const second = sessions.ask('db-0', ['follow', 'db-1', '2']);
    await soon();
    there.started[0]?.answer(fine('two'));
    expect((await second).out).toBe('two');
    expect(there.started.map(({ pod, asked }) => [pod, asked])).toEqual([
      ['db-0', ['["position"]', '["follow","db-1","2"]']],
    ]);
    sessions.close();
    await soon();
    expect(there.started[0]?.closed()).toBe(true);
    there.started[0]?.end(0, '');
  });

  it('an agent of an earlier version gets a process for each command', async () => {
    const there = reach();
    const sessions = agentSessions(there);
    const first = sessions.ask('db-0', ['position']);
    there.started[0]?.end(1, "error: unknown command 'session'\n\nUsage: pgusher-agent");
    expect((await first).out).toBe('by itself');
    await sessions.ask('db-0', ['promote']);
    expect(there.single).toEqual(['db-0 position', 'db-0 promote']);
    expect(there.started).toHaveLength(1);
  });

  it('what dies in the middle of a command is said, and the next command starts another', async () => {
    const there = reach();
    const sessions = agentSessions(there);
    const promoted = sessions.ask('db-0', ['promote']);
    there.started[0]?.fail(new Error('the connection to db-0 ended'));
    await expect(promoted).rejects.toThrow('the connection to db-0 ended');
    const killed = sessions.ask('db-0', ['promote']);
    there.started[1]?.end(137, 'Killed\n');
    await expect(killed).rejects.toThrow("the agent's process in db-0 ended (137: Killed)");
    const again = sessions.ask('db-0', ['promote']);
    await soon();
    there.started[2]?.answer(fine('promoted'));
    expect((await again).out).toBe('promoted');
    expect(there.single).toEqual([]);
  });

  it('an answer that is none ends the session', async () => {
    const there = reach();
    const sessions = agentSessions(there);
    const asked = sessions.ask('db-0', ['position']);
    await soon();
    there.started[0]?.answer('Segmentation fault');
    await expect(asked).rejects.toThrow('the agent of db-0 answered "Segmentation fault"; wanted a line of JSON');
    await soon();
    expect(there.started[0]?.closed()).toBe(true);
  });
});
