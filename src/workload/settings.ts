/**
 * Our annotations, parsed once into typed values. The table of them is in setting-table.ts; docs/settings.md is
 * generated from it. Layers: built-in < cluster config file < namespace annotations < StatefulSet annotations.
 */
export interface Settings {
  readonly values: SettingValues;
  /** The layer that each value came from, by setting name (without prefix). */
  readonly origins: Readonly<Record<SettingName, SettingLayer>>;
  /** Annotations of the StatefulSet (and the namespace) that are no setting of ours, or hold what cannot be read. */
  readonly problems: readonly SettingProblem[];
  /** `postgres.io/allow-<check-id>`: check id → the reason that was given. */
  readonly escapes: ReadonlyMap<string, string>;
}

export type SettingLayer = 'built-in' | 'cluster' | 'namespace' | 'statefulset';

export interface SettingLayers {
  /** From the cluster config file, by setting name. Already checked when the file was read. */
  readonly cluster?: Readonly<Record<string, string>>;
  /** The namespace's annotations, with prefix. */
  readonly namespace?: Readonly<Record<string, string>>;
  /** The StatefulSet's annotations, with prefix. */
  readonly statefulset: Readonly<Record<string, string>>;
}

/** `annotation` is written with its prefix, but for the cluster layer, where the config file has none. */
export type SettingProblem =
  /** `suggestion`: the whole name that was probably meant. */
  | {
      readonly kind: 'unknown';
      readonly annotation: string;
      readonly layer: SettingLayer;
      readonly suggestion: string | undefined;
    }
  /** `expected` completes the sentence "…; wanted <expected>". */
  | {
      readonly kind: 'invalid';
      readonly annotation: string;
      readonly layer: SettingLayer;
      readonly value: string;
      readonly expected: string;
    }
  /** `allow-<id>` with no reason. */
  | { readonly kind: 'no-reason'; readonly annotation: string; readonly layer: SettingLayer }
  /** Two settings that exclude each other, or one that needs another. */
  | { readonly kind: 'conflict'; readonly annotations: readonly string[]; readonly expected: string };

export interface SettingValues {
  readonly container: string | undefined;
  readonly version: number | undefined;
  readonly dataDirectory: string | undefined;
  readonly backup: boolean;
  readonly backupEngine: string;
  readonly backupClaim: string | undefined;
  readonly backupStorage: { readonly kind: 'auto' | 'none' } | { readonly kind: 'size'; readonly quantity: string };
  readonly backupStorageClass: string | undefined;
  readonly backupPrefix: string | undefined;
  /** `s3://…`, `gs://…` or `azblob://…`, as store-address.ts reads it. */
  readonly backupStore: string | undefined;
  readonly backupStoreSecret: string | undefined;
  readonly backupSpool: { readonly kind: 'auto' } | { readonly kind: 'size'; readonly quantity: string };
  /** Seconds. */
  readonly backupPush: number;
  /** Five fields of cron. Undefined: daily, minute and hour derived from namespace and name by `derivedSchedule`. */
  readonly backupSchedule: string | undefined;
  readonly backupTimeZone: string;
  /** Five fields of cron: when `pgusher drill --cronjob` says that the set is to be tried. */
  readonly backupDrill: string | undefined;
  readonly backupKeep: number;
  /** Seconds; undefined: by count alone. */
  readonly backupKeepFor: number | undefined;
  readonly backupCompression: 'zstd' | 'gzip' | 'none';
  readonly backupVerify: boolean;
  readonly backupSynchronous: boolean;
  /** Five fields of cron; undefined: no dumps by themselves. */
  readonly dumpSchedule: string | undefined;
  readonly dumpKeep: number;
  /** Seconds; undefined: by count alone. */
  readonly dumpKeepFor: number | undefined;
  readonly dumpFormat: 'directory' | 'custom' | 'plain';
  readonly dumpJobs: number;
  readonly dumpRolePasswords: boolean;
  readonly bootstrap: 'auto' | 'restore' | 'initialize';
  readonly whenBehind: 'stop' | 'catch-up' | 'fork';
  readonly restoreFrom: string | undefined;
  readonly restoreFromClaim: string | undefined;
  readonly restoreBackup: string;
  readonly restoreTarget: RestoreTarget | undefined;
  readonly restoreTargetInclusive: boolean;
  readonly restoreId: string | undefined;
  readonly restorePasswords: 'set' | 'keep';
  readonly restorePasswordsSecret: string | undefined;
  readonly role: 'auto' | 'primary' | 'standby';
  readonly primary: string | undefined;
  readonly replicationSecret: string | undefined;
  readonly replicationNetwork: string;
  /** Standbys of the set that a commit waits for. */
  readonly synchronous: number;
  readonly preStop: boolean;
  /** Seconds. */
  readonly stopGrace: number;
  readonly probes: boolean;
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly agentImage: string;
  readonly agentCpu: string;
  readonly agentMemory: string;
  readonly agentPort: number;
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined;
  /** What stands in `injection-version`: a version that we wrote, or `latest`. */
  readonly injectionVersion: string | undefined;
}

/** `value` as PostgreSQL's recovery_target_* takes it; checked by target-syntax.ts. */
export interface RestoreTarget {
  readonly kind: 'time' | 'lsn' | 'xid' | 'name' | 'immediate';
  readonly value: string;
}

export type SettingName =
  | 'container'
  | 'version'
  | 'data-directory'
  | 'backup'
  | 'backup-engine'
  | 'backup-claim'
  | 'backup-storage'
  | 'backup-storage-class'
  | 'backup-prefix'
  | 'backup-store'
  | 'backup-store-secret'
  | 'backup-spool'
  | 'backup-push'
  | 'backup-schedule'
  | 'backup-time-zone'
  | 'backup-drill'
  | 'backup-keep'
  | 'backup-keep-for'
  | 'backup-compression'
  | 'backup-verify'
  | 'backup-synchronous'
  | 'dump-schedule'
  | 'dump-keep'
  | 'dump-keep-for'
  | 'dump-format'
  | 'dump-jobs'
  | 'dump-role-passwords'
  | 'bootstrap'
  | 'when-behind'
  | 'restore-from'
  | 'restore-from-claim'
  | 'restore-backup'
  | 'restore-target-time'
  | 'restore-target-lsn'
  | 'restore-target-xid'
  | 'restore-target-name'
  | 'restore-target-immediate'
  | 'restore-target-inclusive'
  | 'restore-id'
  | 'restore-passwords'
  | 'restore-passwords-secret'
  | 'role'
  | 'primary'
  | 'replication-secret'
  | 'replication-network'
  | 'synchronous'
  | 'pre-stop'
  | 'stop-grace'
  | 'probes'
  | 'parameters'
  | 'agent-image'
  | 'agent-cpu'
  | 'agent-memory'
  | 'agent-port'
  | 'run-as'
  | 'injection-version';
