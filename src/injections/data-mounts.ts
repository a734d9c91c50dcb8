import { isWithin, normalisePath } from '../workload/absolute-path.ts';
import { expandReferences } from '../workload/environment.ts';
import type { JsonObject } from '../workload/json.ts';
import type { Mount, ServerContainer, VolumeSource } from '../workload/postgres-workload.ts';

/** Volumes that hold files of the user's configuration, not of the database. */
const configurationKinds: ReadonlySet<VolumeSource['kind']> = new Set([
  'configMap',
  'secret',
  'projected',
  'downwardAPI',
  'undefined',
]);

/** What the agent must see at the same paths as the server: the data's volume, and others that parts of it lie on. */
export function dataMounts(server: ServerContainer, dataMount: Mount): readonly JsonObject[] {
  const walDirectory = server.environment.get('POSTGRES_INITDB_WALDIR');
  const walPath =
    walDirectory?.kind === 'value'
      ? normalisePath(expandReferences(walDirectory.value, server.environment))
      : undefined;
  const holdsData = (mount: Mount): boolean =>
    mount.mountPath !== dataMount.mountPath &&
    mount.mountPath !== '/' &&
    !configurationKinds.has(mount.source.kind) &&
    (isWithin(mount.mountPath, dataMount.mountPath) || (walPath !== undefined && isWithin(walPath, mount.mountPath)));
  return [dataMount, ...server.mounts.filter(holdsData)].map(volumeMount);
}

function volumeMount({ name, mountPath, subPath, subPathExpr }: Mount): JsonObject {
  return {
    name,
    mountPath,
    ...(subPath === undefined ? {} : { subPath }),
    ...(subPathExpr === undefined ? {} : { subPathExpr }),
  };
}
