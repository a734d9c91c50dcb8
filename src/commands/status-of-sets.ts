import type { KubeConfig } from '@kubernetes/client-node';
import { askPods } from '../cluster/ask-pods.ts';
import { readAgentAnswer } from '../status/agent-answer.ts';
import type { AgentAnswer } from '../status/agent-answer.ts';
import type { ManagedSet } from '../status/managed-set.ts';
import { setStatus } from '../status/set-status.ts';
import type { SetStatus } from '../status/set-status.ts';
import { version } from '../version.ts';

/** Asks the agent of each pod of each set. */
export async function statusOfSets(config: KubeConfig, sets: readonly ManagedSet[]): Promise<readonly SetStatus[]> {
  const pages = sets.flatMap(({ namespace, pods, agentPort: port }) =>
    port === null ? [] : pods.map((pod) => ({ namespace, pod, port, path: '/report' })),
  );
  const told = await askPods(config, pages);
  const answers = new Map(
    pages.map(({ namespace, pod }, index): [string, AgentAnswer] => {
      const answer = told[index];
      if (answer === undefined) return [`${namespace}/${pod}`, { kind: 'unreachable', reason: 'not asked' }];
      return [
        `${namespace}/${pod}`,
        answer.kind === 'failure'
          ? { kind: 'unreachable', reason: answer.reason }
          : readAgentAnswer(answer.code, answer.text),
      ];
    }),
  );
  return sets.map((set) => {
    const own = set.pods.flatMap((pod): [string, AgentAnswer][] => {
      const answer = answers.get(`${set.namespace}/${pod}`);
      return answer === undefined ? [] : [[pod, answer]];
    });
    return setStatus(set, new Map(own), version);
  });
}
