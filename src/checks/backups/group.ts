import { backupDestinationMissing } from './backup-destination-missing.ts';
import { backupRwoMultiReplica } from './backup-rwo-multi-replica.ts';
import { backupSpoolTooSmall } from './backup-spool-too-small.ts';
import { backupStoreCaUnmounted } from './backup-store-ca-unmounted.ts';
import { backupSynchronousWithoutClaim } from './backup-synchronous-without-claim.ts';
import { backupVolumeIsDataVolume } from './backup-volume-is-data-volume.ts';
import { backupVolumeTooSmall } from './backup-volume-too-small.ts';
import { dumpWithoutClaim } from './dump-without-claim.ts';
import { engineSwitched } from './engine-switched.ts';
import { restoreSourceMissing } from './restore-source-missing.ts';
import { scheduleTooRare } from './schedule-too-rare.ts';
import { storePlainHttp } from './store-plain-http.ts';
import { storePrefixShared } from './store-prefix-shared.ts';
import type { Check } from '../check.ts';

/** Backups, in the order in which findings are told. */
export const backupsChecks = [
  backupDestinationMissing,
  backupSynchronousWithoutClaim,
  backupStoreCaUnmounted,
  backupVolumeIsDataVolume,
  storePrefixShared,
  backupVolumeTooSmall,
  backupSpoolTooSmall,
  backupRwoMultiReplica,
  engineSwitched,
  scheduleTooRare,
  dumpWithoutClaim,
  restoreSourceMissing,
  storePlainHttp,
] as const satisfies readonly Check[];
