import type { KubeConfig } from '@kubernetes/client-node';
import { personConfig } from '../cluster/person-config.ts';
import { UsageError } from './exit-code.ts';

/** Which cluster a command is about; what is undefined is as kubectl would take it. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** @throws UsageError where there is none, or it cannot be read. */
export function readKubeconfig({ kubeconfig, context }: ClusterOptions): KubeConfig {
  try {
    return personConfig(kubeconfig, context);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function namespaceOf(config: KubeConfig, { namespace }: ClusterOptions): string {
  return namespace ?? config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

/** The two ways in which a cluster says nothing, for people. `right` as `kubectl auth can-i` takes it. */
export function notTold(
  config: KubeConfig,
  answer:
    { readonly kind: 'forbidden'; readonly right: string } | { readonly kind: 'unreachable'; readonly reason: string },
): UsageError {
  return new UsageError(
    answer.kind === 'forbidden'
      ? `the cluster does not let you: wanted the right that \`kubectl auth can-i ${answer.right}\` asks about`
      : `the cluster at ${config.getCurrentCluster()?.server ?? ''} cannot be asked: ${answer.reason}`,
  );
}
