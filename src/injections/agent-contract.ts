import type { AgentContract, BackupContract, LiveDumpSetting, LiveSetting } from '../agent/contract.ts';
import { objectAt, textAt } from '../workload/json.ts';
import type { Mount } from '../workload/postgres-workload.ts';
import { derivedSchedule } from '../workload/schedule-syntax.ts';
import { otherDataMounts } from './data-mounts.ts';
import type { RenderFacts } from './injection.ts';

/** Postgres' own, for a primary outside the set. */
const defaultPort = 5432;

/**
 * What the agent is told. Nothing of it may depend on the number of replicas or on the time: it stands in the pod
 * template, and a change of it restarts the database.
 */
export function agentContract(facts: RenderFacts, dataMount: Mount): AgentContract {
  const { workload, settings, server, identity, destination, source } = facts;
  const { restoreTarget } = settings;
  const others = otherDataMounts(server, dataMount).map(({ mountPath }) => mountPath);
  return {
    version: 1,
    namespace: workload.namespace,
    set: workload.name,
    major: server.major ?? null,
    dataDirectory: facts.dataDirectory.path,
    dataMount: dataMount.mountPath,
    ...(others.length === 0 ? {} : { otherMounts: others }),
    ...(server.wal?.mount === undefined ? {} : { walDirectory: server.wal.path }),
    owner: identity.kind === 'root' ? identity.owner : null,
    serverPort: server.port,
    agentPort: settings.agentPort,
    bootstrap: settings.bootstrap,
    role: settings.role,
    ...(settings.whenBehind === 'stop' ? {} : { whenBehind: settings.whenBehind }),
    primary: primaryAddress(facts),
    service: podDomain(facts),
    replication: replicationContract(settings),
    store: destination.kind === 'store' ? destination.store : null,
    ...(settings.backupStore === undefined || destination.kind !== 'store' || !settings.backup
      ? {}
      : {
          offsite: {
            address: settings.backupStore,
            pushSeconds: settings.backupPush,
            ...(destination.spool === undefined ? {} : { spool: destination.spool }),
          },
        }),
    source: source?.store ?? null,
    restore: {
      backup: settings.restoreBackup,
      target:
        restoreTarget === undefined
          ? null
          : { kind: restoreTarget.kind, value: restoreTarget.value, inclusive: settings.restoreTargetInclusive },
      id: settings.restoreId ?? null,
      ...restoredPasswords(settings),
    },
    backup: settings.backup ? backupContract(facts) : null,
    ...dumpContract(facts),
  };
}

function replicationContract({
  replicationSecret,
  replicationNetwork,
  synchronous,
}: RenderFacts['settings']): AgentContract['replication'] {
  if (replicationSecret === undefined) return null;
  return { network: replicationNetwork, ...(synchronous === 0 ? {} : { synchronous }) };
}

function restoredPasswords({
  restorePasswords,
  restorePasswordsSecret,
}: RenderFacts['settings']): Pick<AgentContract['restore'], 'passwords'> {
  if (restorePasswords === 'keep') return { passwords: 'keep' };
  return restorePasswordsSecret === undefined ? {} : { passwords: 'secret' };
}

function backupContract({ workload, settings }: RenderFacts): BackupContract {
  const { origins } = workload.settings;
  return {
    schedule: settings.backupSchedule ?? derivedSchedule(workload.namespace, workload.name),
    timeZone: settings.backupTimeZone,
    keep: settings.backupKeep,
    keepFor: settings.backupKeepFor ?? null,
    compression: settings.backupCompression,
    verify: settings.backupVerify,
    synchronous: settings.backupSynchronous,
    fixed: liveSettings.filter((name) => origins[name] === 'statefulset'),
  };
}

/** Nothing where no setting of dumps is given, so that a template without them stays as it is. */
function dumpContract({ workload, settings }: RenderFacts): Pick<AgentContract, 'dump'> {
  const { origins } = workload.settings;
  if (!settings.backup || liveDumpSettings.every((name) => origins[name] === 'built-in')) return {};
  return {
    dump: {
      schedule: settings.dumpSchedule ?? null,
      keep: settings.dumpKeep,
      keepFor: settings.dumpKeepFor ?? null,
      format: settings.dumpFormat,
      jobs: settings.dumpJobs,
      rolePasswords: settings.dumpRolePasswords,
      fixed: liveDumpSettings.filter((name) => origins[name] === 'statefulset'),
    },
  };
}

const liveDumpSettings: readonly LiveDumpSetting[] = [
  'dump-schedule',
  'dump-keep',
  'dump-keep-for',
  'dump-format',
  'dump-jobs',
  'dump-role-passwords',
];

const liveSettings: readonly LiveSetting[] = [
  'backup-schedule',
  'backup-time-zone',
  'backup-keep',
  'backup-keep-for',
  'backup-verify',
  'backup-compression',
];

/** `host:port` of the server that a standby follows: the set's own ordinal 0 where nobody says another. */
function primaryAddress(facts: RenderFacts): string | null {
  const { workload, settings, server } = facts;
  if (settings.primary !== undefined) {
    return /(?:^[^:]*|\]):\d+$/.test(settings.primary) ? settings.primary : `${settings.primary}:${defaultPort}`;
  }
  const domain = podDomain(facts);
  return settings.role === 'standby' || domain === null ? null : `${workload.name}-0.${domain}:${server.port}`;
}

/** Also where the role is primary: another pod may have been promoted, and its standbys must find it. */
function podDomain({ workload }: RenderFacts): string | null {
  const service = textAt(objectAt(workload.object, 'spec'), 'serviceName');
  return service === undefined || service === '' ? null : `${service}.${workload.namespace}.svc`;
}
