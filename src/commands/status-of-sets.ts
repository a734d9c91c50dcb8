import type { ManagedSet } from '../status/managed-set.ts';
import { setStatus } from '../status/set-status.ts';
import type { SetStatus } from '../status/set-status.ts';
import { version } from '../version.ts';
import { askAgents } from './ask-agents.ts';
import type { AskPages } from './ask-agents.ts';

/** Asks the agent of each pod of each set. */
export async function statusOfSets(ask: AskPages, sets: readonly ManagedSet[]): Promise<readonly SetStatus[]> {
  return (await askAgents(ask, sets)).map(({ set, answers }) => setStatus(set, answers, version));
}
