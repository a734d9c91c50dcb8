import { setTimeout as sleep } from 'node:timers/promises';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { rebuild as rebuildPod, RebuildRefused, setOfPod } from './rebuilding.ts';
import type { Terminal } from './terminal.ts';

export interface RebuildOptions {
  readonly namespace?: string;
  readonly dryRun: boolean;
  readonly discard: boolean;
}

/** `pgusher rebuild POD`, with the person's own rights. */
export async function rebuild(pod: string, options: RebuildOptions, terminal: Terminal): Promise<ExitCode> {
  const say = (line: string): void => {
    terminal.report(`${line}\n`);
  };
  const { dryRun, discard } = options;
  try {
    const set = setOfPod(pod);
    const { promotionInCluster } = await import('../cluster/promotion-in-cluster.ts');
    const cluster = await promotionInCluster({ namespace: options.namespace, set });
    await rebuildPod(cluster, { pod, dryRun, discard, say, pause: () => sleep(2_000) });
    return exitCode.fine;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    say(
      error instanceof RebuildRefused
        ? error.message
        : `not done: ${error.message}. Run the same command again to go on`,
    );
    return exitCode.findings;
  }
}
