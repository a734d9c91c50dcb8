import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterOptions } from './cluster-options.ts';
import type { ExitCode } from './exit-code.ts';
import { findManagedSet } from './open-set.ts';
import { rebuild as rebuildPod, setOfPod } from './rebuilding.ts';
import { runSetCommand } from './set-command.ts';
import type { Terminal } from './terminal.ts';

export interface RebuildOptions extends ClusterOptions {
  readonly dryRun: boolean;
  readonly discard: boolean;
}

/** `pgusher rebuild POD`, with the person's own rights. */
export async function rebuild(pod: string, options: RebuildOptions, terminal: Terminal): Promise<ExitCode> {
  const { dryRun, discard } = options;
  return runSetCommand(terminal, async (say) => {
    const set = setOfPod(pod);
    const { promotionInCluster } = await import('../cluster/promotion-in-cluster.ts');
    const cluster = promotionInCluster(await findManagedSet(set, options));
    try {
      await rebuildPod(cluster, { pod, dryRun, discard, say, pause: () => sleep(2_000) });
    } finally {
      cluster.close();
    }
  });
}
