import { paths, scriptNames } from '../agent/contract.ts';
import type { Injection } from './injection.ts';

/** Often, since readiness waits for it; an hour in all, since a crash recovery or a point-in-time restore may take that. */
const periodSeconds = 2;
const failureThreshold = 3600 / periodSeconds;

/** A liveness probe without a startup probe kills a long recovery, again and again. */
export const startupProbe: Injection = {
  id: 'startup-probe',
  summary: 'An hour for recovery before any liveness probe counts',

  contribute({ settings, server, dataMount }) {
    if (server.probes.startup !== undefined) return { skipped: 'the container has its own' };
    if (!settings.probes) return { skipped: 'postgres.io/probes is "off"' };
    if (dataMount === undefined) return { skipped: 'no volume covers PGDATA' };
    return {
      server: {
        startupProbe: {
          exec: { command: ['sh', `${paths.scripts}/${scriptNames.started}`, String(server.port)] },
          failureThreshold,
          periodSeconds,
          successThreshold: 1,
          timeoutSeconds: 5,
        },
      },
      reason:
        server.probes.liveness === undefined
          ? 'the pod counts as started once the server answers or recovers, within an hour'
          : "the container's liveness probe would kill a recovery that takes longer than it allows; it waits for up to an hour now",
    };
  },
};
