import type { ClusterOptions } from './cluster-options.ts';
import type { ExitCode } from './exit-code.ts';
import { findManagedSet } from './open-set.ts';
import { promote as promoteSet, recordPrimary } from './promotion.ts';
import { runSetCommand } from './set-command.ts';
import type { Terminal } from './terminal.ts';

export interface PromoteOptions extends ClusterOptions {
  readonly dryRun: boolean;
  readonly fence: boolean;
  /** Name of the pod that is primary already. */
  readonly record?: string;
}

/** `pgusher promote SET [POD]`, with the person's own rights. */
export async function promote(
  set: string,
  pod: string | undefined,
  options: PromoteOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const found = await findManagedSet(set, options);
  const request = { set, fence: options.fence, dryRun: options.dryRun, now: () => new Date() };
  return runSetCommand(terminal, async (say) => {
    const { promotionInCluster } = await import('../cluster/promotion-in-cluster.ts');
    const cluster = promotionInCluster(found);
    try {
      await (options.record === undefined
        ? promoteSet(cluster, { ...request, say, pod: pod ?? null })
        : recordPrimary(cluster, { ...request, say, pod: options.record }));
    } finally {
      cluster.close();
    }
  });
}
