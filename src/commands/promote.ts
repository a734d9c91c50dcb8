import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { promote as promoteSet, recordPrimary } from './promotion.ts';
import { PromotionRefused } from './promotion-target.ts';
import type { Terminal } from './terminal.ts';

export interface PromoteOptions {
  readonly namespace?: string;
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
  const { promotionInCluster } = await import('../cluster/promotion-in-cluster.ts');
  const say = (line: string): void => {
    terminal.report(`${line}\n`);
  };
  const request = { set, fence: options.fence, dryRun: options.dryRun, now: () => new Date(), say };
  try {
    const cluster = await promotionInCluster({ namespace: options.namespace, set });
    await (options.record === undefined
      ? promoteSet(cluster, { ...request, pod: pod ?? null })
      : recordPrimary(cluster, { ...request, pod: options.record }));
    return exitCode.fine;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    say(
      error instanceof PromotionRefused
        ? error.message
        : `not done: ${error.message}. Run the same command again to go on`,
    );
    return exitCode.findings;
  }
}
