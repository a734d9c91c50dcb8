import { isWithin } from '../workload/absolute-path.ts';
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

/** What outlives the pod by itself: a tablespace can lie on any of them, and SQL alone knows which. */
const lastingKinds: ReadonlySet<VolumeSource['kind']> = new Set(['claim', 'claim-template']);

/** What the agent must see at the same paths as the server: the data's volume, and others that parts of the data lie on. */
export function dataMounts(server: ServerContainer, dataMount: Mount): readonly JsonObject[] {
  return [dataMount, ...otherDataMounts(server, dataMount)].map(volumeMount);
}

/** Below the data's mount, under the WAL, and each claim that the server can write to. */
export function otherDataMounts(server: ServerContainer, dataMount: Mount): readonly Mount[] {
  const holdsData = (mount: Mount): boolean =>
    mount.mountPath !== dataMount.mountPath &&
    mount.mountPath !== '/' &&
    !configurationKinds.has(mount.source.kind) &&
    (isWithin(mount.mountPath, dataMount.mountPath) ||
      mount.mountPath === server.wal?.mount?.mountPath ||
      (lastingKinds.has(mount.source.kind) && !mount.readOnly));
  return server.mounts.filter(holdsData);
}

function volumeMount({ name, mountPath, subPath, subPathExpr }: Mount): JsonObject {
  return {
    name,
    mountPath,
    ...(subPath === undefined ? {} : { subPath }),
    ...(subPathExpr === undefined ? {} : { subPathExpr }),
  };
}
