import type { KubeConfig } from '@kubernetes/client-node';
import type { AgentAnswer } from '../commands/promotion.ts';
import { execInPod } from './exec-in-pod.ts';

/** Runs `pgusher-agent …` beside the server of a pod. @throws as `execInPod`. */
export async function runAgent(
  config: KubeConfig,
  namespace: string,
  pod: string,
  args: readonly string[],
): Promise<AgentAnswer> {
  return execInPod(config, namespace, pod, 'pgusher-backup', ['/opt/pgusher/bin/pgusher-agent', ...args]);
}
