import { dataMountReadonly } from './data-mount-readonly.ts';
import { pg18OldMount } from './pg18-old-mount.ts';
import { pgdataAtMountRoot } from './pgdata-at-mount-root.ts';
import { pgdataEmptydir } from './pgdata-emptydir.ts';
import { pgdataEphemeralVolume } from './pgdata-ephemeral-volume.ts';
import { pgdataHostpath } from './pgdata-hostpath.ts';
import { pgdataNoVolume } from './pgdata-no-volume.ts';
import { pgdataOutsideMount } from './pgdata-outside-mount.ts';
import { pgdataSubpathChange } from './pgdata-subpath-change.ts';
import { pgdataUnknown } from './pgdata-unknown.ts';
import { pgsodiumKeyNotBackedUp } from './pgsodium-key-not-backed-up.ts';
import { pre18ParentMount } from './pre18-parent-mount.ts';
import { storageFuseSmb } from './storage-fuse-smb.ts';
import { storageNfs } from './storage-nfs.ts';
import { subpathexprMutable } from './subpathexpr-mutable.ts';
import { waldirVolume } from './waldir-volume.ts';
import type { Check } from '../check.ts';

/** Where the data is, in the order in which findings are told. */
export const storageChecks = [
  pgdataNoVolume,
  pgdataOutsideMount,
  pgdataUnknown,
  pgdataEmptydir,
  pgdataHostpath,
  pgdataEphemeralVolume,
  dataMountReadonly,
  storageNfs,
  storageFuseSmb,
  pg18OldMount,
  pre18ParentMount,
  pgdataAtMountRoot,
  subpathexprMutable,
  pgdataSubpathChange,
  waldirVolume,
  pgsodiumKeyNotBackedUp,
] as const satisfies readonly Check[];
