import { describe, expect, test } from 'vitest';
import { ApiFailure } from '../../src/cluster/api-failure.ts';
import type { SetContainer, SetPod } from '../../src/cluster/list-set-pods.ts';
import { agentPod, askAgent } from '../../src/commands/agent-pod.ts';
import { UsageError } from '../../src/commands/exit-code.ts';
import type { OpenSet } from '../../src/commands/open-set.ts';
import type { AgentAnswer } from '../../src/commands/promotion.ts';

/** What the agents of a set answer; those of the pods named are there. */
function set(answers: Readonly<Record<string, AgentAnswer | Error>>): Pick<OpenSet, 'name' | 'pods' | 'agent'> {
  return {
    name: 'orders',
    pods: Object.keys(answers).map((name) => pod(name)),
    agent: (name) => {
      const answer = answers[name];
      return answer === undefined || answer instanceof Error
        ? Promise.reject(answer ?? new Error('no such pod'))
        : Promise.resolve(answer);
    },
  };
}

function pod(name: string, agent: Partial<SetContainer> = {}): SetPod {
  const running = { name: 'pgusher-backup', state: 'running', reason: '', restarts: 0, before: 'none' } as const;
  return { name, uid: name, containers: [{ ...running, ...agent }] };
}

const position = (name: string, takesWrites: boolean): AgentAnswer => ({
  code: 0,
  out: JSON.stringify({ pod: name, takesWrites, timeline: 1, lsn: '0/1' }),
  error: '',
});
const failed = (error: string): AgentAnswer => ({ code: 1, out: '', error });

describe('whose agent is asked', () => {
  test('the only pod, whatever its server does', async () => {
    expect(await agentPod(set({ 'orders-0': failed('down') }), undefined, 'list')).toBe('orders-0');
  });

  test('of several the one that takes writes', async () => {
    const orders = set({ 'orders-0': position('orders-0', false), 'orders-1': position('orders-1', true) });
    expect(await agentPod(orders, undefined, 'list')).toBe('orders-1');
    expect(await agentPod(orders, 'orders-0', 'list')).toBe('orders-0');
  });

  test('none or two that take writes: what each says, and how to name one', async () => {
    const none = set({
      'orders-0': failed('the server is starting\nmore'),
      'orders-1': position('orders-1', false),
      'orders-2': new Error('the connection to orders-2 ended'),
    });
    await expect(agentPod(none, undefined, 'backup now')).rejects.toThrow(
      'no pod of orders is known to take writes (orders-0: the server is starting; orders-1: a standby; orders-2: the connection to orders-2 ended). Name the pod that is meant: pgusher backup now orders orders-0',
    );
    const two = set({ 'orders-0': position('orders-0', true), 'orders-1': position('orders-1', true) });
    await expect(agentPod(two, undefined, 'list')).rejects.toThrow(
      'orders-0 and orders-1 take writes at the same time; wanted one primary. Name the pod that is meant: pgusher list orders orders-0',
    );
  });

  test('a pod that is not there, and a set without any', async () => {
    await expect(agentPod(set({ 'orders-0': failed('') }), 'orders-7', 'list')).rejects.toThrow(
      'there is no pod orders-7 in orders; wanted one of orders-0',
    );
    await expect(agentPod(set({}), undefined, 'list')).rejects.toThrow(
      'orders has no pods; wanted one that runs: is it scaled to 0?',
    );
  });
});

describe('an agent that cannot be asked', () => {
  test('does not run', async () => {
    const waiting = { ...set({}), pods: [pod('orders-0', { state: 'waiting', reason: 'CrashLoopBackOff' })] };
    await expect(askAgent(waiting, 'orders-0', ['list'])).rejects.toThrow(
      'the agent of orders-0 does not run: its container pgusher-backup waits (CrashLoopBackOff). `pgusher logs orders orders-0` says more',
    );
  });

  test('is not in the pod', async () => {
    const without = { ...set({}), pods: [{ name: 'orders-0', uid: 'u', containers: [] }] };
    await expect(askAgent(without, 'orders-0', ['list'])).rejects.toThrow(
      'orders-0 has no container pgusher-backup: it was made before the set was managed; wanted it made again: kubectl delete pod orders-0',
    );
  });

  test('is too old for the command', async () => {
    const old = set({ 'orders-0': failed("error: unknown command 'rebuilding'\n\nUsage: pgusher-agent\n") });
    await expect(askAgent(old, 'orders-0', ['rebuilding'])).rejects.toThrow(
      'the agent in orders-0 is older than this command and does not know `rebuilding`; postgres.io/injection-version: latest takes a new one on, with a restart',
    );
  });

  test('may not be asked: the rights are named, and it is no refusal of the agent', async () => {
    const forbidden = set({ 'orders-0': new ApiFailure(403, 'you may not'), 'orders-1': position('orders-1', true) });
    await expect(agentPod(forbidden, undefined, 'list')).rejects.toBeInstanceOf(UsageError);
    await expect(agentPod(forbidden, undefined, 'list')).rejects.toThrow('you may not');
  });
});
