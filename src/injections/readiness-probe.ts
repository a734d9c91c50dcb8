import { paths, scriptNames } from '../agent/contract.ts';
import type { Injection } from './injection.ts';

export const readinessProbe: Injection = {
  id: 'readiness-probe',
  summary: 'Clients only meet a server that takes their connections, and no primary that is still in recovery',

  contribute({ settings, server, dataMount }) {
    if (server.probes.readiness !== undefined) return { skipped: 'the container has its own' };
    if (!settings.probes) return { skipped: 'postgres.io/probes is "off"' };
    if (dataMount === undefined) return { skipped: 'no volume covers PGDATA' };
    return {
      server: {
        readinessProbe: {
          exec: { command: ['sh', `${paths.scripts}/${scriptNames.ready}`, String(server.port)] },
          // 15 seconds of failure: a storage stall is no reason to take the only database from its clients.
          failureThreshold: 5,
          // What a start waits at most after the server is up.
          periodSeconds: 3,
          successThreshold: 1,
          timeoutSeconds: 5,
        },
      },
      reason: 'the pod is ready once the server takes connections and, as a primary, has ended its recovery',
    };
  },
};
