import { expect, test } from 'vitest';
import { shareOf } from '../../src/checks/storage/share-provisioners.ts';

test.each([
  ['ebs.csi.aws.com', undefined, undefined],
  ['rancher.io/local-path', undefined, undefined],
  ['file.csi.azure.com', undefined, 'SMB'],
  ['file.csi.azure.com', 'nfs', 'NFS'],
  ['blob.csi.azure.com', 'fuse', 'FUSE'],
  ['blob.csi.azure.com', 'NFS', 'NFS'],
  ['ebs.csi.aws.com', 'nfs', undefined],
  ['s3.csi.aws.com', undefined, 'FUSE'],
  ['nfs.csi.k8s.io', undefined, 'NFS'],
  ['k8s-sigs.io/nfs-subdir-external-provisioner', undefined, 'NFS'],
  ['cluster.local/home-nfs-subdir-external-provisioner', undefined, 'NFS'],
  ['example.org/not-nfs', undefined, undefined],
])('%s with protocol %s makes %s', (provisioner, protocol, share) => {
  const facts = { name: 'c', isDefault: false, reclaimPolicy: 'Retain', canExpand: true };
  expect(shareOf({ ...facts, provisioner, protocol })).toBe(share);
});
