import { paths, scriptNames } from '../agent/contract.ts';
import { graceSeconds } from './grace-period.ts';
import type { Injection } from './injection.ts';

/**
 * The grace period includes the hook. What is left after it belongs to the containers that stop after the server: the
 * agent's last WAL, and the kubelet's own round.
 */
const reserveSeconds = 20;
const leastSeconds = 10;

export const preStopHook: Injection = {
  id: 'pre-stop-hook',
  summary: 'A clean stop: checkpoint, last WAL out, fast shutdown',

  contribute({ server, settings, workload, dataMount }) {
    if (!settings.preStop) return { skipped: 'postgres.io/pre-stop is "off"' };
    if (dataMount === undefined) return { skipped: 'no volume covers PGDATA' };
    if (server.preStop.kind === 'other') {
      return { skipped: `the container's own preStop hook is ${server.preStop.form}, which cannot be run first` };
    }
    const seconds = Math.max(graceSeconds(workload) - reserveSeconds, leastSeconds);
    return {
      // Hooks are not expanded by the kubelet; the user's own command follows after `--`.
      server: { preStop: ['sh', `${paths.scripts}/${scriptNames.preStop}`, String(seconds)] },
      reason:
        server.preStop.kind === 'exec'
          ? `after the container's own hook, checkpoint, last WAL out and fast shutdown within ${seconds} seconds`
          : `checkpoint, last WAL out and fast shutdown within ${seconds} seconds`,
    };
  },
};
