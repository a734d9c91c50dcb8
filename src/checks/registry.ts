import { agentPortTaken } from './agent-port-taken.ts';
import { allowSystemTableMods } from './allow-system-table-mods.ts';
import { annotationOnTemplate } from './annotation-on-template.ts';
import { archiveArgsConflict } from './archive-args-conflict.ts';
import { backupDestinationMissing } from './backup-destination-missing.ts';
import { backupRwoMultiReplica } from './backup-rwo-multi-replica.ts';
import { backupVolumeIsDataVolume } from './backup-volume-is-data-volume.ts';
import { backupVolumeTooSmall } from './backup-volume-too-small.ts';
import type { Check } from './check.ts';
import { containerNotFound } from './container-not-found.ts';
import { dataSyncRetryOn } from './data-sync-retry-on.ts';
import { duplicateManagedBy } from './duplicate-managed-by.ts';
import { fsyncOff } from './fsync-off.ts';
import { fullPageWritesOff } from './full-page-writes-off.ts';
import { generatedName } from './generated-name.ts';
import { graceTooLow } from './grace-too-low.ts';
import { ignoreSystemIndexes } from './ignore-system-indexes.ts';
import { imageDigestOnly } from './image-digest-only.ts';
import { imageFamilySwitch } from './image-family-switch.ts';
import { imageLatest } from './image-latest.ts';
import { imageMajorDowngrade } from './image-major-downgrade.ts';
import { imageMajorOnly } from './image-major-only.ts';
import { imageMajorUpgrade } from './image-major-upgrade.ts';
import { imageOsSwitch } from './image-os-switch.ts';
import { imageUnknown } from './image-unknown.ts';
import { invalidAnnotation } from './invalid-annotation.ts';
import { leftAloneImage } from './left-alone-image.ts';
import { listenLocalhost } from './listen-localhost.ts';
import { livenessKillsRecovery } from './liveness-kills-recovery.ts';
import { managedLabelRemoved } from './managed-label-removed.ts';
import { managedLabelValue } from './managed-label-value.ts';
import { obsoleteForm } from './obsolete-form.ts';
import { ordinalsStart } from './ordinals-start.ts';
import { pg18OldMount } from './pg18-old-mount.ts';
import { pgcontainerAmbiguous } from './pgcontainer-ambiguous.ts';
import { pgdataAtMountRoot } from './pgdata-at-mount-root.ts';
import { pgdataEmptydir } from './pgdata-emptydir.ts';
import { pgdataEphemeralVolume } from './pgdata-ephemeral-volume.ts';
import { pgdataHostpath } from './pgdata-hostpath.ts';
import { pgdataNoVolume } from './pgdata-no-volume.ts';
import { pgdataOutsideMount } from './pgdata-outside-mount.ts';
import { pgdataSubpathChange } from './pgdata-subpath-change.ts';
import { pgdataUnknown } from './pgdata-unknown.ts';
import { pitrTargetInvalid } from './pitr-target-invalid.ts';
import { plaintextPassword } from './plaintext-password.ts';
import { pre18ParentMount } from './pre18-parent-mount.ts';
import { prestopUnsupported } from './prestop-unsupported.ts';
import { pvcAccessRwx } from './pvc-access-rwx.ts';
import { pvcRetentionDelete } from './pvc-retention-delete.ts';
import { pvcSharedByReplicas } from './pvc-shared-by-replicas.ts';
import { replicasWithoutReplication } from './replicas-without-replication.ts';
import { reservedContainerName } from './reserved-container-name.ts';
import { restartpolicyInitJob } from './restartpolicy-init-job.ts';
import { restoreSourceMissing } from './restore-source-missing.ts';
import { roleWithoutPrimary } from './role-without-primary.ts';
import { scheduleInvalid } from './schedule-invalid.ts';
import { serviceNameMissing } from './service-name-missing.ts';
import { shellWrapperPid1 } from './shell-wrapper-pid1.ts';
import { stopsignalTerm } from './stopsignal-term.ts';
import { storageNfs } from './storage-nfs.ts';
import { syncCommitOff } from './sync-commit-off.ts';
import { trustAuth } from './trust-auth.ts';
import { unknownAnnotation } from './unknown-annotation.ts';
import { unreadableField } from './unreadable-field.ts';
import { vctChanged } from './vct-changed.ts';
import { versionContradictsImage } from './version-contradicts-image.ts';
import { walLevelMinimal } from './wal-level-minimal.ts';
import { waldirVolume } from './waldir-volume.ts';
import { zeroDamagedPages } from './zero-damaged-pages.ts';

/** What is refused and what is warned about: reading this list is reading the policy. Findings come in this order. */
export const checks = [
  // What cannot be read
  unreadableField,
  // Where the data is
  pgdataNoVolume,
  pgdataOutsideMount,
  pgdataUnknown,
  pgdataEmptydir,
  pgdataHostpath,
  pgdataEphemeralVolume,
  storageNfs,
  pg18OldMount,
  pre18ParentMount,
  pgdataAtMountRoot,
  pgdataSubpathChange,
  waldirVolume,
  // Claims
  pvcSharedByReplicas,
  pvcAccessRwx,
  pvcRetentionDelete,
  vctChanged,
  // Backups
  backupDestinationMissing,
  backupVolumeIsDataVolume,
  backupVolumeTooSmall,
  backupRwoMultiReplica,
  restoreSourceMissing,
  // Start and stop
  shellWrapperPid1,
  restartpolicyInitJob,
  livenessKillsRecovery,
  graceTooLow,
  stopsignalTerm,
  prestopUnsupported,
  // Image
  pgcontainerAmbiguous,
  containerNotFound,
  imageUnknown,
  versionContradictsImage,
  imageLatest,
  imageDigestOnly,
  imageMajorOnly,
  imageMajorUpgrade,
  imageMajorDowngrade,
  imageOsSwitch,
  imageFamilySwitch,
  leftAloneImage,
  // Replication
  replicasWithoutReplication,
  roleWithoutPrimary,
  ordinalsStart,
  serviceNameMissing,
  // Server parameters
  fsyncOff,
  fullPageWritesOff,
  dataSyncRetryOn,
  zeroDamagedPages,
  ignoreSystemIndexes,
  allowSystemTableMods,
  syncCommitOff,
  walLevelMinimal,
  archiveArgsConflict,
  listenLocalhost,
  // Secrets
  plaintextPassword,
  trustAuth,
  // Settings and names
  unknownAnnotation,
  invalidAnnotation,
  scheduleInvalid,
  pitrTargetInvalid,
  annotationOnTemplate,
  managedLabelValue,
  managedLabelRemoved,
  generatedName,
  reservedContainerName,
  agentPortTaken,
  duplicateManagedBy,
  obsoleteForm,
] as const satisfies readonly Check[];

export const checkIds: readonly string[] = checks.map(({ id }) => id);

export const catalogue: ReadonlyMap<string, Check> = catalogueOf(checks);

/** By id. Throws where two checks have one id, or one is no kebab-case word: our own fault, seen at start. */
export function catalogueOf(list: readonly Check[]): ReadonlyMap<string, Check> {
  const malformed = list.find(({ id }) => !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id));
  if (malformed !== undefined) throw new Error(`check id "${malformed.id}" is not kebab-case`);
  const idle = list.find((check) => check.examine === undefined && check.examineChange === undefined);
  if (idle !== undefined) throw new Error(`check "${idle.id}" examines nothing`);
  const byId = new Map(list.map((check) => [check.id, check]));
  const twin = list.find((check) => byId.get(check.id) !== check);
  if (twin !== undefined) throw new Error(`two checks have the id "${twin.id}"`);
  return byId;
}
