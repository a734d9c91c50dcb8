import type { StorageClassFact } from '../../workload/cluster-facts.ts';

/**
 * What the volumes of a class are, where its provisioner says it: a provisioner is a program, and each of these makes one kind of
 * volume alone. Undefined for the others, which are block storage or not known.
 */
export function shareOf({ provisioner, protocol }: StorageClassFact): 'SMB' | 'FUSE' | 'NFS' | undefined {
  // Azure's two drivers make either, and NFS only where the class says so.
  if (protocol?.toLowerCase() === 'nfs' && azure.has(provisioner)) return 'NFS';
  return azure.get(provisioner) ?? shares.get(provisioner) ?? (nfsSubdirectory.test(provisioner) ? 'NFS' : undefined);
}

const azure = new Map<string, 'SMB' | 'FUSE'>([
  ['file.csi.azure.com', 'SMB'],
  ['kubernetes.io/azure-file', 'SMB'],
  ['blob.csi.azure.com', 'FUSE'],
]);

const shares = new Map<string, 'SMB' | 'FUSE' | 'NFS'>([
  ['smb.csi.k8s.io', 'SMB'],
  ['s3.csi.aws.com', 'FUSE'],
  ['gcsfuse.csi.storage.gke.io', 'FUSE'],
  ['kubernetes.io/glusterfs', 'FUSE'],
  ['ru.yandex.s3.csi', 'FUSE'],
  ['ch.ctrox.csi.s3-driver', 'FUSE'],
  ['nfs.csi.k8s.io', 'NFS'],
  ['efs.csi.aws.com', 'NFS'],
  ['filestore.csi.storage.gke.io', 'NFS'],
]);

/** Its chart names it after the release: `cluster.local/<release>-nfs-subdir-external-provisioner`. */
const nfsSubdirectory = /\/(?:[a-z0-9-]*-)?nfs-subdir-external-provisioner$/;
