import { environmentNames, paths, scriptNames, sharedFolders } from '../agent/contract.ts';
import { listAt, objectsAt, textAt } from '../workload/json.ts';
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

/** Sorts after the image's and the user's own, which may count on being first. */
const replicationScript = `${paths.initScripts}/zz-pgusher-replication.sh`;

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
    const readOnly = !family.initialisationWritesElsewhere;
    const scripts = initScripts(context);
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
          env: [...serverEnvironment(context), ...(readOnly ? home(container) : []), ...scripts.env],
          ...(envFrom.length === 0 ? {} : { envFrom }),
          resources: initialisationResources(server),
          securityContext: securityContext(context, readOnly),
          ...(workingDir === '' ? {} : { workingDir }),
          volumeMounts: [
            ...scripts.userMounts,
            ...present(sharedMemoryMount(server)),
            { name: 'pgusher', mountPath: paths.shared },
            ...(readOnly ? writablePaths(context) : []),
            ...scripts.mounts,
          ],
          ...terminationMessage,
        },
      ],
      reason:
        scripts.mounts.length === 0
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

interface InitScripts {
  readonly userMounts: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
  readonly env: readonly JsonObject[];
}

/**
 * Our script beside the image's and the user's. Where the user mounts a volume at that very place a file cannot be mounted
 * into it (a ConfigMap is read-only, another volume would keep the file): theirs moves aside, and initdb.sh links both.
 */
function initScripts({ server, settings }: InjectionContext): InitScripts {
  const userMounts = objectsAt(server.container, 'volumeMounts').map(storedMount);
  if (settings.replicationSecret === undefined || !server.family.officialEntrypoint) {
    return { userMounts, mounts: [], env: [] };
  }
  const network = { name: environmentNames.replicationNetwork, value: settings.replicationNetwork };
  if (!userMounts.some(isInitScripts)) {
    const subPath = `bin/${scriptNames.replication}`;
    return {
      userMounts,
      mounts: [replicationSecretMount, { name: 'pgusher', mountPath: replicationScript, readOnly: true, subPath }],
      env: [network],
    };
  }
  return {
    userMounts: userMounts.map((mount) =>
      isInitScripts(mount) ? { ...mount, mountPath: paths.userInitScripts } : mount,
    ),
    mounts: [
      replicationSecretMount,
      { name: 'pgusher', mountPath: paths.initScripts, subPath: sharedFolders.initScripts },
    ],
    env: [network, { name: environmentNames.userInitScripts, value: paths.userInitScripts }],
  };
}

function isInitScripts(mount: JsonObject): boolean {
  return (textAt(mount, 'mountPath') ?? '').replace(/\/+$/, '') === paths.initScripts;
}

function present(mount: JsonObject | undefined): readonly JsonObject[] {
  return mount === undefined ? [] : [mount];
}
