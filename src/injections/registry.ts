import { backupClaimTemplate } from './backup-claim-template.ts';
import { backupSidecar } from './backup-sidecar.ts';
import { dataDirectory } from './data-directory.ts';
import { gracePeriod } from './grace-period.ts';
import { initdbInitContainer } from './initdb-init-container.ts';
import type { Injection } from './injection.ts';
import { preStopHook } from './pre-stop-hook.ts';
import { readinessProbe } from './readiness-probe.ts';
import { restoreInitContainer } from './restore-init-container.ts';
import { serverParameters } from './server-parameters.ts';
import { serverPort } from './server-port.ts';
import { sharedMemory } from './shared-memory.ts';
import { sharedVolume } from './shared-volume.ts';
import { startupProbe } from './startup-probe.ts';

/**
 * In the order in which their parts stand in the pod. The three containers start one after the other: pgusher-restore waits until
 * the sidecar holds the lock on the data before it looks at it, and no initialisation happens before the decision.
 */
export const injections: readonly Injection[] = [
  backupSidecar,
  restoreInitContainer,
  initdbInitContainer,
  dataDirectory,
  serverParameters,
  serverPort,
  sharedVolume,
  sharedMemory,
  backupClaimTemplate,
  startupProbe,
  readinessProbe,
  preStopHook,
  gracePeriod,
];
