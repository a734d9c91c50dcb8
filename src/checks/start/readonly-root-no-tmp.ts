import { normalisePath } from '../../workload/absolute-path.ts';
import { coveringMount } from '../../workload/mount.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/** Debian's and Alpine's builds. */
const defaultSocketFolder = '/var/run/postgresql';

/**
 * Fields: securityContext.readOnlyRootFilesystem and volumeMounts of the Postgres container, unix_socket_directories.
 * Allowed: a writable mount at each folder for sockets (/var/run is a link to /run); none at all. /tmp is not asked for: the server
 * and the scripts of current images start without. Of an unknown image it is not known where the sockets are.
 */
export const readonlyRootNoTmp: Check = {
  id: 'readonly-root-no-tmp',
  severity: 'deny',
  summary: 'The root file system is read-only, and the server has no place for its socket.',
  because:
    'It does not start: "could not create lock file /var/run/postgresql/.s.PGSQL.5432.lock: Read-only file system".',
  instead: 'An emptyDir mounted at /var/run/postgresql, and one at /tmp.',
  paste: `volumeMounts:
  - name: scratch
    mountPath: /var/run/postgresql
    subPath: run
  - name: scratch
    mountPath: /tmp
    subPath: tmp
volumes:
  - name: scratch
    emptyDir: {}`,
  examine({ server }, surroundings) {
    if (!server?.security.readOnlyRootFilesystem) return noObservations;
    const folder = socketFolders(server).find((candidate) => !isWritable(server, candidate));
    if (folder === undefined) return noObservations;
    return [
      {
        field: containerField(server.name, 'volumeMounts'),
        message: `the root file system is read-only, and so is ${quoted(folder)}; wanted a writable folder for the socket. Mount an emptyDir at ${folder}.`,
        ...(runsAlready(surroundings) ? { severity: 'warn' } : {}),
      },
    ];
  },
};

/** Empty: no sockets; `@name` is none in the file system. */
function socketFolders({ family, parameters }: ServerContainer): readonly string[] {
  const said = parameters.get('unix_socket_directories')?.value;
  const isInFile = parameters.has('config_file') || family.configurationDirectory !== undefined;
  if (said === undefined) return family.id === 'unknown' || isInFile ? [] : [defaultSocketFolder];
  return said
    .split(',')
    .map((folder) => folder.trim().replace(/^["']|["']$/g, ''))
    .filter((folder) => folder.startsWith('/'))
    .map(normalisePath);
}

function isWritable({ mounts }: ServerContainer, folder: string): boolean {
  const names = [folder, folder.replace(/^\/var\/run(?=\/|$)/, '/run'), folder.replace(/^\/run(?=\/|$)/, '/var/run')];
  return names.some((name) => {
    const mount = coveringMount(mounts, name);
    return mount !== undefined && mount.mountPath !== '/' && !mount.readOnly;
  });
}
