import { environmentNames, paths, sharedFolders } from '../agent/contract.ts';
import { verbatimForKubelet } from '../shell/kubelet-expansion.ts';
import { textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { Mount } from '../workload/postgres-workload.ts';
import { agentContract } from './agent-contract.ts';
import { acceptedByAgent } from './contract-refused.ts';
import { dataMounts } from './data-mounts.ts';
import { databaseLogin } from './database-login.ts';
import type { RenderFacts } from './injection.ts';
import { offsiteAccess } from './offsite-access.ts';
import { pullPolicy } from '../workload/pull-policy.ts';
import { referencedEnvironment } from './referenced-environment.ts';
import { agentResources } from './resources.ts';
import { securityContext } from './security-context.ts';

/** What the two containers of the agent's image have in common, so that they can never differ in it. */
export interface AgentParts {
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly environment: JsonObject;
  readonly resources: JsonObject;
  readonly securityContext: JsonObject;
  readonly volumeMounts: readonly JsonObject[];
}

export function agentParts(facts: RenderFacts, dataMount: Mount): AgentParts {
  const { settings, server, destination, source } = facts;
  const login = databaseLogin(server);
  const offsite = offsiteAccess(settings);
  const data = dataMounts(server, dataMount);
  // The login's file may lie on a volume that is mounted already.
  const loginMounts = login.volumeMounts.filter(
    (mount) => !data.some((other) => other['mountPath'] === mount['mountPath']),
  );
  const copied = [
    ...login.env.map((entry) => textAt(entry, 'value') ?? ''),
    ...[...data, ...loginMounts].map((mount) => textAt(mount, 'subPathExpr') ?? ''),
  ];
  const contract = JSON.stringify(acceptedByAgent(agentContract(facts, dataMount)));
  return {
    image: settings.agentImage,
    imagePullPolicy: pullPolicy(settings.agentImage),
    environment: {
      env: [
        ...referencedEnvironment(server.container, copied),
        { name: environmentNames.contract, value: verbatimForKubelet(contract) },
        { name: environmentNames.pod, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
        { name: environmentNames.podUid, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.uid' } } },
        { name: 'HOME', value: paths.home },
        // The root file system is read-only, /tmp with it.
        { name: 'TMPDIR', value: paths.home },
        ...login.env,
        ...offsite.env,
      ],
      ...(login.envFrom.length === 0 ? {} : { envFrom: login.envFrom }),
    },
    resources: agentResources(server, settings),
    securityContext: securityContext(facts, true),
    volumeMounts: [
      ...data,
      { name: 'pgusher', mountPath: paths.shared },
      { name: 'pgusher', mountPath: paths.home, subPath: sharedFolders.home },
      ...(destination.kind === 'store' ? destination.mounts : []),
      ...(source?.kind === 'store' ? source.mounts : []),
      ...(settings.replicationSecret === undefined ? [] : [replicationSecretMount]),
      ...(settings.restorePasswordsSecret === undefined ? [] : [rolePasswordsMount]),
      ...offsite.volumeMounts,
      { name: 'pgusher-settings', mountPath: paths.liveSettings, readOnly: true },
      ...loginMounts,
    ],
  };
}

export const replicationSecretMount: JsonObject = {
  name: 'pgusher-replication',
  mountPath: paths.replicationSecret,
  readOnly: true,
};

const rolePasswordsMount: JsonObject = {
  name: 'pgusher-passwords',
  mountPath: paths.rolePasswords,
  readOnly: true,
};

/** Of every injected container: each leaves a sentence; where one could not (it was killed) the pod's message is the end of its log. */
export const terminationMessage: JsonObject = {
  terminationMessagePath: paths.terminationMessage,
  terminationMessagePolicy: 'FallbackToLogsOnError',
};
