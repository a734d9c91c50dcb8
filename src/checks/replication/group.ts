import { antiAffinityMissing } from './anti-affinity-missing.ts';
import { headlessNotReadyAddresses } from './headless-not-ready-addresses.ts';
import { headlessServiceMissing } from './headless-service-missing.ts';
import { hpaTarget } from './hpa-target.ts';
import { idleSlotTimeout } from './idle-slot-timeout.ts';
import { maxConnectionsLowered } from './max-connections-lowered.ts';
import { modeVariable } from './mode-variable.ts';
import { networkpolicyBlocks } from './networkpolicy-blocks.ts';
import { ordinalsStart } from './ordinals-start.ts';
import { pdbMissing } from './pdb-missing.ts';
import { primaryLeadsBack } from './primary-leads-back.ts';
import { replicasWithoutReplication } from './replicas-without-replication.ts';
import { replicationRoleIsSuperuser } from './replication-role-is-superuser.ts';
import { roleToStandby } from './role-to-standby.ts';
import { roleWithoutPrimary } from './role-without-primary.ts';
import { rwServiceSelectsAll } from './rw-service-selects-all.ts';
import { scaleDown } from './scale-down.ts';
import { scaleToZero } from './scale-to-zero.ts';
import { serviceNameMissing } from './service-name-missing.ts';
import { syncNamesBlocks } from './sync-names-blocks.ts';
import { synchronousStandbys } from './synchronous-standbys.ts';
import type { Check } from '../check.ts';

/** Replication, in the order in which findings are told. */
export const replicationChecks = [
  replicasWithoutReplication,
  replicationRoleIsSuperuser,
  hpaTarget,
  roleWithoutPrimary,
  primaryLeadsBack,
  modeVariable,
  roleToStandby,
  ordinalsStart,
  serviceNameMissing,
  headlessServiceMissing,
  headlessNotReadyAddresses,
  rwServiceSelectsAll,
  networkpolicyBlocks,
  scaleToZero,
  scaleDown,
  synchronousStandbys,
  syncNamesBlocks,
  idleSlotTimeout,
  antiAffinityMissing,
  pdbMissing,
  maxConnectionsLowered,
] as const satisfies readonly Check[];
