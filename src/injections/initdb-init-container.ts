import { environmentNames, paths, scriptNames, sharedFolders } from '../agent/contract.ts';
import { listAt, objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { storedMount, storedVariable, storedVariables } from '../workload/stored-form.ts';
import { replicationSecretMount, terminationMessage } from './agent-container.ts';
import type { ServerContainer } from '../workload/postgres-workload.ts';
import type { Injection, InjectionContext } from './injection.ts';
import { pullPolicy } from '../workload/pull-policy.ts';
import { initialisationResources } from './resources.ts';
import { securityContext } from './security-context.ts';
import { entrypointArguments } from './server-arguments.ts';
import { sharedMemoryMount } from './shared-memory.ts';

/** Paths that initialisation writes to; both names of the socket directory, since /var/run is a link to /run. */
const temporaryPaths = ['/tmp'];
const socketPaths = ['/var/run/postgresql', '/run/postgresql'];

/**
 * The server's image initialises an empty data directory in a container of its own, as the image means it: same
 * environment, mounts, user and server arguments. In the server's container the entrypoint ignores SIGINT meanwhile, so that
 * a stop ends in SIGKILL (docker-library/postgres#1207), and what it leaves half done counts as a database.
 */
export const initdbInitContainer: Injection = {
  id: 'initdb-init-container',
  summary: "Initialisation by the image's own scripts and the user's, all or nothing",

  contribute(context) {
    const { server, dataMount } = context;
    if (dataMount === undefined)
      return { skipped: 'no volume covers PGDATA, so nothing would outlive the initialisation' };
    const { container, family } = server;
    // What the image may write at its first start, ours may.
    const readOnly = !family.initialisationWritesElsewhere && hasReadOnlyRoot(container);
    const replication = replicationRole(context);
    const envFrom = listAt(container, 'envFrom').map(storedVariables);
    const image = textAt(container, 'image') ?? '';
    const workingDir = textAt(container, 'workingDir') ?? '';
    return {
      initContainers: [
        {
          name: 'pgusher-initdb',
          image,
          imagePullPolicy: textAt(container, 'imagePullPolicy') ?? pullPolicy(image),
          command: [...preparation(server), 'sh', `${paths.scripts}/${scriptNames.initdb}`],
          args: entrypointArguments(context),
          env: [...serverEnvironment(context), ...(readOnly ? home(container) : []), ...replication.env],
          ...(envFrom.length === 0 ? {} : { envFrom }),
          resources: initialisationResources(server),
          securityContext: securityContext(context, readOnly),
          ...(workingDir === '' ? {} : { workingDir }),
          volumeMounts: [
            ...objectsAt(container, 'volumeMounts').map(storedMount),
            ...present(sharedMemoryMount(server)),
            { name: 'pgusher', mountPath: paths.shared },
            ...(readOnly ? writablePaths(context) : []),
            ...replication.mounts,
          ],
          ...terminationMessage,
        },
      ],
      reason:
        replication.mounts.length === 0
          ? 'pgusher-initdb initialises an empty volume with the image as it is, and starts anew after a failure half-way'
          : 'pgusher-initdb initialises an empty volume with the image as it is and creates the replication role',
    };
  },
};

/** An entrypoint that makes the configuration which the server is started with runs here too; docker-entrypoint.sh hands on to `sh`. */
function preparation({ command, family }: ServerContainer): readonly string[] {
  return command.length === 0 && family.entrypoint !== undefined ? [family.entrypoint] : [];
}

/** The server's, with PGDATA as it will be. */
function serverEnvironment({ server, dataDirectory }: InjectionContext): readonly Json[] {
  const env = objectsAt(server.container, 'env').map(storedVariable);
  const { added, replaced } = dataDirectory;
  if (added !== undefined) return [...env, added];
  if (replaced === undefined) return env;
  return env.map((entry) => (entry['name'] === replaced.name ? { ...entry, value: replaced.value } : entry));
}

/** psql and the shell look there for their files; the image's own is not writable. */
function home(container: JsonObject): readonly JsonObject[] {
  return objectsAt(container, 'env').some((entry) => entry['name'] === 'HOME') ? [] : [{ name: 'HOME', value: '/tmp' }];
}

function writablePaths({ server }: InjectionContext): readonly JsonObject[] {
  const isFree = (names: readonly string[]): boolean =>
    !server.mounts.some(({ mountPath }) => names.includes(mountPath));
  return [
    ...(isFree(temporaryPaths) ? [{ name: 'pgusher', mountPath: '/tmp', subPath: sharedFolders.temporary }] : []),
    ...(isFree(socketPaths)
      ? [{ name: 'pgusher', mountPath: '/var/run/postgresql', subPath: sharedFolders.sockets }]
      : []),
  ];
}

/** Of the server's own container: what it says of its root file system. */
function hasReadOnlyRoot(container: JsonObject): boolean {
  return objectAt(container, 'securityContext')['readOnlyRootFilesystem'] === true;
}

interface ReplicationRole {
  readonly mounts: readonly JsonObject[];
  readonly env: readonly JsonObject[];
}

/** initdb.sh runs our script at the end of the image's initialisation: what the image finds in its folder is the user's alone. */
function replicationRole({ server, settings }: InjectionContext): ReplicationRole {
  return settings.replicationSecret === undefined || !server.family.officialEntrypoint
    ? { mounts: [], env: [] }
    : {
        mounts: [replicationSecretMount],
        env: [{ name: environmentNames.replicationNetwork, value: settings.replicationNetwork }],
      };
}

function present(mount: JsonObject | undefined): readonly JsonObject[] {
  return mount === undefined ? [] : [mount];
}
