import type { ServerPosition } from '../agent/standby/promotion-commands.ts';
import type { AgentAnswer, PromotionCluster } from './promotion.ts';
import { SetCommandRefused } from './set-command.ts';

/** What an agent beside a server answers; one that cannot be reached has failed. */
export async function asked(
  cluster: Pick<PromotionCluster, 'agent'>,
  pod: string,
  args: readonly string[],
): Promise<AgentAnswer> {
  return cluster
    .agent(pod, args)
    .catch((error: unknown) => ({ code: 1, out: '', error: error instanceof Error ? error.message : String(error) }));
}

/** @throws SetCommandRefused with what the agent said. */
export async function told(
  cluster: Pick<PromotionCluster, 'agent'>,
  pod: string,
  args: readonly string[],
): Promise<AgentAnswer> {
  const answer = await cluster.agent(pod, args);
  if (answer.code !== 0) {
    throw new SetCommandRefused(`${pod}: ${answer.error.trim()}. Run the same command again to go on`);
  }
  return answer;
}

/** Null: its server does not answer. */
export async function positionOf(
  cluster: Pick<PromotionCluster, 'agent'>,
  pod: string,
): Promise<ServerPosition | null> {
  const answer = await asked(cluster, pod, ['position']);
  return answer.code === 0 ? parsePosition(answer) : null;
}

export function parsePosition({ out }: AgentAnswer): ServerPosition {
  return JSON.parse(out) as ServerPosition;
}
