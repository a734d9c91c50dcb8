import type { StorageClassFact } from '../../workload/cluster-facts.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { boundVolume } from './bound-volume.ts';
import { ofDataClass } from './data-storage-class.ts';
import { volumeField } from '../field-path.ts';
import { mayLieElsewhere } from './hidden-pgdata.ts';
import { shareOf } from './share-provisioners.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.template.spec.volumes[*].nfs under PGDATA, the provisioner of the class that makes the claim there and, in
 * files, the PersistentVolume that it is bound to.
 * Allowed: block storage. PostgreSQL manual 18.2.2.1: NFS needs `hard` mounts and a `sync` export.
 */
export const storageNfs: Check = {
  id: 'storage-nfs',
  severity: 'warn',
  summary: 'PGDATA is on NFS.',
  because:
    'An export without `sync` acknowledges writes that a crash of its server loses, a `soft` mount turns a slow network into failed writes, and nothing keeps a second pod from mounting the same directory.',
  instead: 'Block storage through a claim; else an export with `sync`, mounted `hard` (PostgreSQL manual, 18.2.2.1).',
  examine(workload, surroundings) {
    const { server } = workload;
    const { facts } = surroundings;
    const mount = server?.data.mount;
    const bound = boundVolume(workload, facts);
    if (bound?.volume.kind === 'nfs') {
      const { field, volume } = bound;
      return [
        {
          field,
          message: `PersistentVolume ${quoted(volume.name)} is on NFS ${quoted(volume.path)}; wanted block storage, or export with sync and mount hard.`,
        },
      ];
    }
    if (mount?.source.kind === 'claim-template') return ofDataClass(workload, facts, onClass);
    if (server === undefined || mount?.source.kind !== 'nfs') return noObservations;
    if (mayLieElsewhere(workload, surroundings)) return noObservations;
    const { server: host, path } = mount.source;
    return [
      {
        field: volumeField(mount.name),
        message: `PGDATA is on NFS ${quoted(`${host}:${path}`)}; wanted block storage. Use a claim template, or export with sync and mount hard.`,
      },
    ];
  },
};

function onClass(storageClass: StorageClassFact): string | undefined {
  return shareOf(storageClass) === 'NFS'
    ? `storage class ${quoted(storageClass.name)} makes NFS volumes; wanted block storage, or sync exports, mounted hard.`
    : undefined;
}
