import type { Readable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import type { AgentAnswer } from '../commands/promotion.ts';
import { agentSessions } from './agent-sessions.ts';
import type { AgentSessions } from './agent-sessions.ts';
import { execInPod, startInPod } from './exec-in-pod.ts';

const container = 'pgusher-backup';
const program = '/opt/pgusher/bin/pgusher-agent';

/** Runs `pgusher-agent …` beside the server of a pod. @throws as `execInPod`. */
export async function runAgent(
  config: KubeConfig,
  namespace: string,
  pod: string,
  args: readonly string[],
): Promise<AgentAnswer> {
  return execInPod(config, namespace, pod, container, [program, ...args]);
}

/** The same for those who have several things to ask. */
export function sessionsWithAgents(config: KubeConfig, namespace: string): AgentSessions {
  return agentSessions({
    startSession: (pod: string, input: Readable) =>
      startInPod(config, { namespace, pod, container }, [program, 'session'], input),
    once: (pod, args) => runAgent(config, namespace, pod, args),
  });
}
