import type { PodAnswer, PodPage } from '../cluster/ask-pods.ts';
import { readAgentAnswer } from '../status/agent-answer.ts';
import type { AgentAnswer } from '../status/agent-answer.ts';
import type { ManagedSet } from '../status/managed-set.ts';

/** A set, and what the agent of each of its pods said, by the pod's name. */
export interface AskedSet {
  readonly set: ManagedSet;
  readonly answers: ReadonlyMap<string, AgentAnswer>;
}

/** A way to pages of pods, in their order: through the apiserver, or straight to the pods. */
export type AskPages = (pages: readonly PodPage[]) => Promise<readonly PodAnswer[]>;

/** Asks the agent of each pod of each set for its report, in the order of the sets. */
export async function askAgents(ask: AskPages, sets: readonly ManagedSet[]): Promise<readonly AskedSet[]> {
  const pages = sets.flatMap((set) =>
    set.agentPort === null
      ? []
      : set.pods.map((pod) => ({ set, namespace: set.namespace, pod, port: set.agentPort ?? 0, path: '/report' })),
  );
  const told = await ask(pages);
  const asked = new Map(sets.map((set) => [set, new Map<string, AgentAnswer>()]));
  for (const [index, { set, pod }] of pages.entries()) {
    const answer = told[index] ?? { kind: 'failure', reason: 'not asked' };
    asked
      .get(set)
      ?.set(
        pod,
        answer.kind === 'failure'
          ? { kind: 'unreachable', reason: answer.reason }
          : readAgentAnswer(answer.code, answer.text),
      );
  }
  return [...asked].map(([set, answers]) => ({ set, answers }));
}
