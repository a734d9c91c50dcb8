import { checksumsOff } from './checksums-off.ts';
import { commandBypassesEntrypoint } from './command-bypasses-entrypoint.ts';
import { fsgroupAlwaysLarge } from './fsgroup-always-large.ts';
import { fsgroupMissingNonroot } from './fsgroup-missing-nonroot.ts';
import { initMemoryLimits } from './init-memory-limits.ts';
import { initdbAuthBreaksLocal } from './initdb-auth-breaks-local.ts';
import { initdbOptionUnknown } from './initdb-option-unknown.ts';
import { limitRangeDefaults } from './limit-range-defaults.ts';
import { livenessKillsRecovery } from './liveness-kills-recovery.ts';
import { livenessSql } from './liveness-sql.ts';
import { lockFileRemoved } from './lock-file-removed.ts';
import { loginFileUnmounted } from './login-file-unmounted.ts';
import { nonrootWithoutUid } from './nonroot-without-uid.ts';
import { passwordAndFile } from './password-and-file.ts';
import { passwordMissing } from './password-missing.ts';
import { portChanged } from './port-changed.ts';
import { poststartPsql } from './poststart-psql.ts';
import { probeTimeout1s } from './probe-timeout-1s.ts';
import { readinessMissing } from './readiness-missing.ts';
import { readonlyRootNoTmp } from './readonly-root-no-tmp.ts';
import { restartpolicyInitJob } from './restartpolicy-init-job.ts';
import { secretKeyMissing } from './secret-key-missing.ts';
import { secretMissing } from './secret-missing.ts';
import { serverNotRestarted } from './server-not-restarted.ts';
import { secondDecider } from './second-decider.ts';
import { shellWrapperPid1 } from './shell-wrapper-pid1.ts';
import { startUnknown } from './start-unknown.ts';
import { uidMismatch } from './uid-mismatch.ts';
import { userInitdbMount } from './user-initdb-mount.ts';
import { userNamespace } from './user-namespace.ts';
import { variableUnknown } from './variable-unknown.ts';
import type { Check } from '../check.ts';

/** Start, in the order in which findings are told. */
export const startChecks = [
  serverNotRestarted,
  shellWrapperPid1,
  startUnknown,
  variableUnknown,
  commandBypassesEntrypoint,
  readonlyRootNoTmp,
  passwordAndFile,
  passwordMissing,
  loginFileUnmounted,
  secretKeyMissing,
  secretMissing,
  nonrootWithoutUid,
  uidMismatch,
  userNamespace,
  fsgroupMissingNonroot,
  fsgroupAlwaysLarge,
  restartpolicyInitJob,
  secondDecider,
  lockFileRemoved,
  userInitdbMount,
  initdbOptionUnknown,
  initdbAuthBreaksLocal,
  initMemoryLimits,
  limitRangeDefaults,
  checksumsOff,
  livenessKillsRecovery,
  livenessSql,
  probeTimeout1s,
  readinessMissing,
  portChanged,
  poststartPsql,
] as const satisfies readonly Check[];
