import type { AgentAnswer } from './agent-answer.ts';
import type { ManagedSet } from './managed-set.ts';

/** On pods alone, never in a pod template: a role changes without a restart. */
export const podRoleLabel = 'postgres.io/pod-role';

export interface PodRole {
  readonly pod: string;
  /** Null: not known, so that the pod shall carry no label; undefined: what it carries may stay. */
  readonly role: 'primary' | 'standby' | null | undefined;
}

/**
 * What each pod of a set is, by what its agent says. One that does not answer keeps its label as long as nobody else takes writes: readers and
 * writers lose nothing by a network that is away for a moment. Of two that take writes the one of the newer timeline is the primary; where both
 * are of one, neither.
 */
export function podRoles(set: ManagedSet, answers: ReadonlyMap<string, AgentAnswer>): readonly PodRole[] {
  const servers = set.pods.map((pod) => {
    const answer = answers.get(pod);
    return { pod, server: answer?.kind === 'report' ? answer.report.server : undefined };
  });
  const writing = servers
    .filter(({ server }) => server?.kind === 'primary')
    .toSorted((left, right) => (right.server?.timeline ?? 0) - (left.server?.timeline ?? 0));
  const [first, second] = writing;
  const primary =
    first !== undefined && (second === undefined || second.server?.timeline !== first.server?.timeline)
      ? first.pod
      : undefined;
  return servers.map(({ pod, server }) => {
    if (pod === primary) return { pod, role: 'primary' };
    if (server?.kind === 'recovering') return { pod, role: 'standby' };
    // It takes writes and is not the one; or another one does, and whatever this was, it is not the primary.
    return { pod, role: server?.kind === 'primary' || primary !== undefined ? null : undefined };
  });
}
