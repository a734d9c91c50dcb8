import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { StorageClassFact } from '../../workload/cluster-facts.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { claimTemplateSnippet } from '../claims/claim-template-snippet.ts';
import { ofDataClass } from './data-storage-class.ts';
import { volumeField } from '../field-path.ts';
import { mayLieElsewhere } from './hidden-pgdata.ts';
import { shareOf } from './share-provisioners.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.template.spec.volumes[*].azureFile, .glusterfs and .flexVolume.driver under PGDATA,
 * and the provisioner of the class that makes the claim there.
 * Allowed: file systems with owners, modes, hard links and fsync.
 */
export const storageFuseSmb: Check = {
  id: 'storage-fuse-smb',
  severity: 'deny',
  summary: 'PGDATA is on a file share or an object store that is made to look like a disk.',
  because:
    'SMB and FUSE file systems keep no owner and no mode, so initdb stops (it must own a directory of mode 0700); those that do start the server answer fsync before the data is safe, and a crash of the node corrupts the database.',
  instead: 'Block storage through a claim template.',
  paste: claimTemplateSnippet,
  examine(workload, surroundings) {
    const { server, podSpec } = workload;
    const { facts } = surroundings;
    const mount = server?.data.mount;
    if (mount?.source.kind === 'claim-template') return ofDataClass(workload, facts, onClass);
    if (server === undefined || mount?.source.kind !== 'other') return noObservations;
    const volume = objectsAt(podSpec, 'volumes').find((candidate) => textAt(candidate, 'name') === mount.name);
    const kind = volume === undefined ? undefined : shareKind(volume, mount.source.type);
    if (kind === undefined || mayLieElsewhere(workload, surroundings)) return noObservations;
    return [
      {
        field: volumeField(mount.name),
        message: `PGDATA ${quoted(server.data.path)} is on ${kind}; wanted block storage. Move ${quoted(mount.name)} from volumes to spec.volumeClaimTemplates.`,
      },
    ];
  },
};

function onClass(storageClass: StorageClassFact): string | undefined {
  const share = shareOf(storageClass);
  if (share === undefined || share === 'NFS') return undefined;
  const { name, provisioner } = storageClass;
  return `PGDATA is on storage class ${quoted(name)}, whose provisioner ${quoted(provisioner)} makes ${share} volumes; wanted block storage. Name a class that has it.`;
}

/** FlexVolume drivers are called `vendor/program`; these programs mount SMB shares and object stores. */
const shareDrivers = /\/(?:cifs|smb|samba|s3fs|goofys|gcsfuse|blobfuse2?|rclone|sshfs)$/;

function shareKind(volume: JsonObject, type: string): string | undefined {
  if (type === 'azureFile') return 'an SMB share (azureFile)';
  if (type === 'glusterfs') return 'a FUSE file system (glusterfs)';
  const driver = textAt(objectAt(volume, 'flexVolume'), 'driver') ?? '';
  return shareDrivers.test(driver) ? `a share that ${quoted(driver)} mounts` : undefined;
}
