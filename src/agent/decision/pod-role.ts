import type { AgentContract } from '../contract.ts';

export type Role = 'primary' | 'standby';

/**
 * Ordinal of a StatefulSet's pod: what follows the last dash of its name.
 * @throws where the name has none. A pod that does not know its place may be a second primary.
 */
export function podOrdinal(podName: string): number {
  const digits = /-(\d+)$/.exec(podName)?.[1];
  if (digits === undefined) {
    throw new Error(
      `the pod's name "${podName}" has no ordinal; wanted <set>-<number>, as a StatefulSet names its pods`,
    );
  }
  return Number(digits);
}

/**
 * | role    | ordinal 0 | others  |
 * | auto    | primary   | standby |
 * | primary | primary   | standby |
 * | standby | standby   | standby |
 *
 * `role: primary` never makes a second one: it only says that ordinal 0 follows nobody.
 */
export function podRole(contract: Pick<AgentContract, 'role'>, podName: string): Role {
  return contract.role === 'standby' || podOrdinal(podName) > 0 ? 'standby' : 'primary';
}
