import { rule as fsyncOff } from './rules/fsync-off.ts';
import { rule as graceTooLow } from './rules/grace-too-low.ts';
import { rule as injectionMissing } from './rules/injection-missing.ts';
import { rule as managedLabelRemoved } from './rules/managed-label-removed.ts';
import { rule as pgdataEmptydir } from './rules/pgdata-emptydir.ts';
import { rule as pgdataEphemeralVolume } from './rules/pgdata-ephemeral-volume.ts';
import { rule as pgdataHostpath } from './rules/pgdata-hostpath.ts';
import { rule as pgdataNoVolume } from './rules/pgdata-no-volume.ts';
import { rule as pgdataOutsideMount } from './rules/pgdata-outside-mount.ts';
import { rule as plaintextPassword } from './rules/plaintext-password.ts';
import { rule as pvcRetentionDelete } from './rules/pvc-retention-delete.ts';
import { rule as pvcSharedByReplicas } from './rules/pvc-shared-by-replicas.ts';
import { rule as replicasWithoutReplication } from './rules/replicas-without-replication.ts';
import type { Rule } from './rule.ts';

/** The core denials that an apiserver can say by itself. */
export const rules: readonly Rule[] = [
  pgdataNoVolume,
  pgdataOutsideMount,
  pgdataEmptydir,
  pgdataHostpath,
  pgdataEphemeralVolume,
  pvcSharedByReplicas,
  pvcRetentionDelete,
  replicasWithoutReplication,
  fsyncOff,
  graceTooLow,
  plaintextPassword,
  managedLabelRemoved,
  injectionMissing,
];
