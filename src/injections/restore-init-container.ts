import { terminationMessage } from './agent-container.ts';
import type { Injection } from './injection.ts';
import { offsiteAccess } from './offsite-access.ts';

export const restoreInitContainer: Injection = {
  id: 'restore-init-container',
  summary: 'Before the server starts: restore, copy from the primary, initialise, start as it is, or stop',

  contribute({ agent, settings }) {
    if (agent === undefined) return { skipped: 'no volume covers PGDATA, so there is nothing to restore into' };
    const { replicationSecret, restorePasswordsSecret } = settings;
    const volumes = [
      ...(replicationSecret === undefined
        ? []
        : [
            {
              name: 'pgusher-replication',
              // Not optional: a standby without its password would start, and fail later and less clearly.
              secret: { defaultMode: 0o644, optional: false, secretName: replicationSecret },
            },
          ]),
      ...(restorePasswordsSecret === undefined
        ? []
        : [
            {
              name: 'pgusher-passwords',
              // Optional: it is of no use but after a restore, and a database that is there starts without.
              secret: { defaultMode: 0o644, optional: true, secretName: restorePasswordsSecret },
            },
          ]),
      ...offsiteAccess(settings).volumes,
    ];
    return {
      initContainers: [
        {
          name: 'pgusher-restore',
          image: agent.image,
          imagePullPolicy: agent.imagePullPolicy,
          args: ['restore'],
          ...agent.environment,
          resources: agent.resources,
          securityContext: agent.securityContext,
          volumeMounts: agent.volumeMounts,
          ...terminationMessage,
        },
      ],
      ...(volumes.length === 0 ? {} : { volumes }),
      reason: 'pgusher-restore decides at each start of the pod: start, restore, copy or initialise; never by guessing',
    };
  },
};
