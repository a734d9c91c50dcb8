import { agentPortTaken } from './agent-port-taken.ts';
import { allowSystemTableMods } from './allow-system-table-mods.ts';
import { annotationOnTemplate } from './annotation-on-template.ts';
import { antiAffinityMissing } from './anti-affinity-missing.ts';
import { archiveArgsConflict } from './archive-args-conflict.ts';
import { backupDestinationMissing } from './backup-destination-missing.ts';
import { backupRwoMultiReplica } from './backup-rwo-multi-replica.ts';
import { backupVolumeIsDataVolume } from './backup-volume-is-data-volume.ts';
import { backupVolumeTooSmall } from './backup-volume-too-small.ts';
import { bitnamiFrozen } from './bitnami-frozen.ts';
import type { Check } from './check.ts';
import { checksumsOff } from './checksums-off.ts';
import { commandBypassesEntrypoint } from './command-bypasses-entrypoint.ts';
import { connectionsVsMemory } from './connections-vs-memory.ts';
import { containerNotFound } from './container-not-found.ts';
import { dataDirectoryArg } from './data-directory-arg.ts';
import { dataSyncRetryOn } from './data-sync-retry-on.ts';
import { deleteOrphanOk } from './delete-orphan-ok.ts';
import { deletePvcManaged } from './delete-pvc-managed.ts';
import { deleteWithData } from './delete-with-data.ts';
import { duplicateManagedBy } from './duplicate-managed-by.ts';
import { engineSwitched } from './engine-switched.ts';
import { fsgroupAlwaysLarge } from './fsgroup-always-large.ts';
import { fsgroupMissingNonroot } from './fsgroup-missing-nonroot.ts';
import { fsyncOff } from './fsync-off.ts';
import { fullPageWritesOff } from './full-page-writes-off.ts';
import { generatedName } from './generated-name.ts';
import { graceTooLow } from './grace-too-low.ts';
import { graceVsCheckpoint } from './grace-vs-checkpoint.ts';
import { headlessNotReadyAddresses } from './headless-not-ready-addresses.ts';
import { headlessServiceMissing } from './headless-service-missing.ts';
import { hostNetwork } from './host-network.ts';
import { hostPort } from './host-port.ts';
import { hpaTarget } from './hpa-target.ts';
import { hugepagesUnmatched } from './hugepages-unmatched.ts';
import { ignoreSystemIndexes } from './ignore-system-indexes.ts';
import { imageDigestOnly } from './image-digest-only.ts';
import { imageEol } from './image-eol.ts';
import { imageFamilySwitch } from './image-family-switch.ts';
import { imageLatest } from './image-latest.ts';
import { imageMajorDowngrade } from './image-major-downgrade.ts';
import { imageMajorOnly } from './image-major-only.ts';
import { imageMajorUpgrade } from './image-major-upgrade.ts';
import { imageMinorDowngrade } from './image-minor-downgrade.ts';
import { imageOsSwitch } from './image-os-switch.ts';
import { imageUnknown } from './image-unknown.ts';
import { initMemoryLimits } from './init-memory-limits.ts';
import { initdbAuthBreaksLocal } from './initdb-auth-breaks-local.ts';
import { invalidAnnotation } from './invalid-annotation.ts';
import { ioMethodUring } from './io-method-uring.ts';
import { leftAloneImage } from './left-alone-image.ts';
import { listenLocalhost } from './listen-localhost.ts';
import { livenessKillsRecovery } from './liveness-kills-recovery.ts';
import { livenessSql } from './liveness-sql.ts';
import { loggingCollectorOn } from './logging-collector-on.ts';
import { managedLabelRemoved } from './managed-label-removed.ts';
import { managedLabelValue } from './managed-label-value.ts';
import { maxConnectionsLowered } from './max-connections-lowered.ts';
import { md5Auth } from './md5-auth.ts';
import { nameHasDots } from './name-has-dots.ts';
import { nameTooLong } from './name-too-long.ts';
import { obsoleteForm } from './obsolete-form.ts';
import { namespaceTerminating } from './namespace-terminating.ts';
import { networkpolicyBlocks } from './networkpolicy-blocks.ts';
import { ordinalsStart } from './ordinals-start.ts';
import { parameterUnreadable } from './parameter-unreadable.ts';
import { passwordAndFile } from './password-and-file.ts';
import { passwordEnvDrift } from './password-env-drift.ts';
import { passwordMissing } from './password-missing.ts';
import { pdbMissing } from './pdb-missing.ts';
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
import { pgsodiumKeyNotBackedUp } from './pgsodium-key-not-backed-up.ts';
import { pitrTargetInvalid } from './pitr-target-invalid.ts';
import { plaintextPassword } from './plaintext-password.ts';
import { portChanged } from './port-changed.ts';
import { poststartPsql } from './poststart-psql.ts';
import { pre18ParentMount } from './pre18-parent-mount.ts';
import { preloadOverridden } from './preload-overridden.ts';
import { prestopSmart } from './prestop-smart.ts';
import { prestopUnsupported } from './prestop-unsupported.ts';
import { probeTimeout1s } from './probe-timeout-1s.ts';
import { pvcAccessRwx } from './pvc-access-rwx.ts';
import { pvcBoundElsewhere } from './pvc-bound-elsewhere.ts';
import { pvcMissing } from './pvc-missing.ts';
import { pvcRetentionDelete } from './pvc-retention-delete.ts';
import { pvcSharedByReplicas } from './pvc-shared-by-replicas.ts';
import { readinessMissing } from './readiness-missing.ts';
import { readonlyRootNoTmp } from './readonly-root-no-tmp.ts';
import { replicasWithoutReplication } from './replicas-without-replication.ts';
import { reservedContainerName } from './reserved-container-name.ts';
import { restartpolicyInitJob } from './restartpolicy-init-job.ts';
import { restoreSourceMissing } from './restore-source-missing.ts';
import { roleToStandby } from './role-to-standby.ts';
import { roleWithoutPrimary } from './role-without-primary.ts';
import { runAsRoot } from './run-as-root.ts';
import { rwServiceSelectsAll } from './rw-service-selects-all.ts';
import { scaleDown } from './scale-down.ts';
import { scaleToZero } from './scale-to-zero.ts';
import { scheduleInvalid } from './schedule-invalid.ts';
import { scheduleTooRare } from './schedule-too-rare.ts';
import { secretKeyMissing } from './secret-key-missing.ts';
import { secretMissing } from './secret-missing.ts';
import { serviceNameMissing } from './service-name-missing.ts';
import { shareProcessNamespace } from './share-process-namespace.ts';
import { sharedBuffersVsMemory } from './shared-buffers-vs-memory.ts';
import { shellWrapperPid1 } from './shell-wrapper-pid1.ts';
import { shmDefault } from './shm-default.ts';
import { stopsignalTerm } from './stopsignal-term.ts';
import { storageFuseSmb } from './storage-fuse-smb.ts';
import { storageNfs } from './storage-nfs.ts';
import { storageclassMissing } from './storageclass-missing.ts';
import { storageclassNoExpand } from './storageclass-no-expand.ts';
import { storageclassNotAllowed } from './storageclass-not-allowed.ts';
import { storageclassReclaimDelete } from './storageclass-reclaim-delete.ts';
import { storePrefixShared } from './store-prefix-shared.ts';
import { subpathexprMutable } from './subpathexpr-mutable.ts';
import { syncCommitOff } from './sync-commit-off.ts';
import { syncNamesBlocks } from './sync-names-blocks.ts';
import { trustAuth } from './trust-auth.ts';
import { uidMismatch } from './uid-mismatch.ts';
import { unknownAnnotation } from './unknown-annotation.ts';
import { unreadableField } from './unreadable-field.ts';
import { updateOndelete } from './update-ondelete.ts';
import { updatePartition } from './update-partition.ts';
import { userInitdbMount } from './user-initdb-mount.ts';
import { vctChanged } from './vct-changed.ts';
import { vctSizeZeroOrTiny } from './vct-size-zero-or-tiny.ts';
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
  storageFuseSmb,
  pg18OldMount,
  pre18ParentMount,
  pgdataAtMountRoot,
  subpathexprMutable,
  pgdataSubpathChange,
  waldirVolume,
  pgsodiumKeyNotBackedUp,
  // Claims
  pvcSharedByReplicas,
  pvcBoundElsewhere,
  pvcMissing,
  storageclassNotAllowed,
  storageclassMissing,
  pvcAccessRwx,
  pvcRetentionDelete,
  vctChanged,
  vctSizeZeroOrTiny,
  storageclassReclaimDelete,
  storageclassNoExpand,
  // Backups
  backupDestinationMissing,
  backupVolumeIsDataVolume,
  storePrefixShared,
  backupVolumeTooSmall,
  backupRwoMultiReplica,
  engineSwitched,
  scheduleTooRare,
  restoreSourceMissing,
  // Start and stop
  shellWrapperPid1,
  commandBypassesEntrypoint,
  readonlyRootNoTmp,
  passwordAndFile,
  passwordMissing,
  secretKeyMissing,
  secretMissing,
  uidMismatch,
  fsgroupMissingNonroot,
  fsgroupAlwaysLarge,
  restartpolicyInitJob,
  userInitdbMount,
  initdbAuthBreaksLocal,
  initMemoryLimits,
  checksumsOff,
  livenessKillsRecovery,
  livenessSql,
  probeTimeout1s,
  readinessMissing,
  portChanged,
  poststartPsql,
  graceTooLow,
  graceVsCheckpoint,
  stopsignalTerm,
  prestopUnsupported,
  prestopSmart,
  shareProcessNamespace,
  updateOndelete,
  updatePartition,
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
  imageMinorDowngrade,
  imageOsSwitch,
  imageFamilySwitch,
  imageEol,
  bitnamiFrozen,
  leftAloneImage,
  // Replication
  replicasWithoutReplication,
  hpaTarget,
  roleWithoutPrimary,
  roleToStandby,
  ordinalsStart,
  serviceNameMissing,
  headlessServiceMissing,
  headlessNotReadyAddresses,
  rwServiceSelectsAll,
  networkpolicyBlocks,
  scaleToZero,
  scaleDown,
  syncNamesBlocks,
  antiAffinityMissing,
  pdbMissing,
  maxConnectionsLowered,
  dataDirectoryArg,
  // Server parameters
  parameterUnreadable,
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
  preloadOverridden,
  hugepagesUnmatched,
  ioMethodUring,
  sharedBuffersVsMemory,
  connectionsVsMemory,
  shmDefault,
  loggingCollectorOn,
  // Secrets
  plaintextPassword,
  passwordEnvDrift,
  trustAuth,
  md5Auth,
  runAsRoot,
  hostNetwork,
  hostPort,
  // Settings and names
  unknownAnnotation,
  invalidAnnotation,
  scheduleInvalid,
  pitrTargetInvalid,
  annotationOnTemplate,
  managedLabelValue,
  managedLabelRemoved,
  generatedName,
  nameTooLong,
  nameHasDots,
  reservedContainerName,
  agentPortTaken,
  duplicateManagedBy,
  obsoleteForm,
  // Deletion
  deleteWithData,
  deletePvcManaged,
  deleteOrphanOk,
  namespaceTerminating,
] as const satisfies readonly Check[];

export const checkIds: readonly string[] = checks.map(({ id }) => id);

export const catalogue: ReadonlyMap<string, Check> = catalogueOf(checks);

/** By id. Throws where two checks have one id, or one is no kebab-case word: our own fault, seen at start. */
export function catalogueOf(list: readonly Check[]): ReadonlyMap<string, Check> {
  const malformed = list.find(({ id }) => !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id));
  if (malformed !== undefined) throw new Error(`check id "${malformed.id}" is not kebab-case`);
  const idle = list.find((check) => (check.examine ?? check.examineChange ?? check.examineDeletion) === undefined);
  if (idle !== undefined) throw new Error(`check "${idle.id}" examines nothing`);
  const byId = new Map(list.map((check) => [check.id, check]));
  const twin = list.find((check) => byId.get(check.id) !== check);
  if (twin !== undefined) throw new Error(`two checks have the id "${twin.id}"`);
  return byId;
}
