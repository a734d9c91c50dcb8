import { paths } from '../agent/contract.ts';
import { heartbeatProbe } from '../agent/heartbeat-probe.ts';
import type { JsonObject } from '../workload/json.ts';
import { terminationMessage } from './agent-container.ts';
import type { Injection, InjectionContext } from './injection.ts';
import { sharedWithPod } from './resources.ts';

const httpPort = 'pgusher';

export const backupSidecar: Injection = {
  id: 'backup-sidecar',
  summary: 'The agent beside the server: lock on the data, WAL as it is written, base backups, roles',

  contribute(context) {
    const { agent, settings, destination } = context;
    if (agent === undefined) return { skipped: 'no volume covers PGDATA, so there is nothing to look after' };
    const backsUp = settings.backup && destination.kind === 'store';
    return {
      initContainers: [
        {
          name: 'pgusher-backup',
          image: agent.image,
          imagePullPolicy: agent.imagePullPolicy,
          // Starts before the server and is stopped after it: a native sidecar.
          restartPolicy: 'Always',
          args: ['backup'],
          ...agent.environment,
          ports: [{ name: httpPort, containerPort: settings.agentPort, protocol: 'TCP' }],
          // No readiness probe: a sidecar's counts for the pod, and an agent in trouble must not take the database away.
          // Liveness by exec: a mesh turns HTTP and TCP probes aside, to a proxy that starts after all of these (agent/heartbeat.ts).
          // No startup probe: the kubelet would look at it once a second, and pgusher-restore waits for the lock by itself, which
          // costs no time (agent/store/lock-witness.ts).
          livenessProbe: {
            exec: { command: ['sh', '-c', heartbeatProbe, `${paths.shared}/alive`] },
            failureThreshold: 6,
            initialDelaySeconds: 30,
            periodSeconds: 30,
            successThreshold: 1,
            timeoutSeconds: 10,
          },
          resources: agent.resources,
          securityContext: agent.securityContext,
          volumeMounts: agent.volumeMounts,
          ...terminationMessage,
        },
      ],
      volumes: [liveSettings(context.workload.name)],
      reason: `${
        backsUp
          ? `pgusher-backup holds the lock on the data, receives WAL as it is written and makes base backups${offsiteClause(context)}`
          : `pgusher-backup holds the lock on the data and keeps roles right; it makes no backups: ${
              destination.kind === 'none' ? destination.reason : 'postgres.io/backup is "off"'
            }`
      }${sharedWithPod(context.server)}`,
    };
  },
};

function offsiteClause({ settings, destination }: InjectionContext): string {
  if (settings.backupStore === undefined || destination.kind === 'none') return '';
  return destination.spool === undefined
    ? `; both are copied to ${settings.backupStore}`
    : `; both go to ${settings.backupStore}, which is the only place that they are kept in`;
}

/** Read live: who is primary, and settings that change without a new pod; optional, so that nobody has to make it. */
function liveSettings(set: string): JsonObject {
  return { name: 'pgusher-settings', configMap: { defaultMode: 0o644, name: `${set}-pgusher`, optional: true } };
}
