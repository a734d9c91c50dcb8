import type { KubeConfig } from '@kubernetes/client-node';
import type { ManagedSet } from '../status/managed-set.ts';
import { setStatus } from '../status/set-status.ts';
import type { SetStatus } from '../status/set-status.ts';
import { version } from '../version.ts';
import { askAgents } from './ask-agents.ts';

/** Asks the agent of each pod of each set. */
export async function statusOfSets(config: KubeConfig, sets: readonly ManagedSet[]): Promise<readonly SetStatus[]> {
  return (await askAgents(config, sets)).map(({ set, answers }) => setStatus(set, answers, version));
}
