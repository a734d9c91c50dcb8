import { noPolicy } from './checks/policy.ts';
import type { CheckPolicy } from './checks/policy.ts';

/** What the cluster config file says (config.ts reads it). What `serve` is told by flags is not here: those say where, this says how. */
export interface Configuration {
  /** Cluster layer of settings, by name without prefix. */
  readonly settings: Readonly<Record<string, string>>;
  readonly policy: CheckPolicy;
  /** Render anew when the user's own change restarts the pods anyway. */
  readonly withRollout: boolean;
  /** Look for the names of Secrets, which takes a right that the manifests do not give (docs/install.md). */
  readonly secretNames: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Milliseconds that a stopping server goes on serving; read when it starts. */
  readonly drainAnnounce: number;
}

export const defaultConfiguration: Configuration = {
  settings: {},
  policy: noPolicy,
  withRollout: false,
  secretNames: false,
  logLevel: 'info',
  drainAnnounce: 10_000,
};

/** Everything that is read from the environment, once. */
export const environment = {
  /** Set by the kubelet in every container of a cluster. */
  inCluster: process.env['KUBERNETES_SERVICE_HOST'] !== undefined,
};
