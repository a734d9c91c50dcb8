/**
 * The one schema between webhook and agent: the webhook writes it as JSON into the environment variable
 * PGUSHER_CONTRACT of `pgusher-backup` and `pgusher-restore`, the agent reads it with contract-schema.ts.
 * No secret is ever in it: those come as references (see `environmentNames`).
 *
 * A field added here changes every injected pod, that is, restarts databases when they are rendered anew.
 */
export interface AgentContract {
  readonly version: 1;
  readonly namespace: string;
  /** Name of the StatefulSet. */
  readonly set: string;
  /** PostgreSQL major version of the server image; null where the image does not tell (PG_VERSION decides then). */
  readonly major: number | null;
  /** PGDATA of the server, absolute. */
  readonly dataDirectory: string;
  /** Where the volume that holds it is mounted; the same path in every container. */
  readonly dataMount: string;
  /**
   * Mounts of other volumes that parts of the data may lie on (WAL, tablespaces), each at the same path as in the server's container.
   * Absent where there are none, so that the template of a set without them stays as it is.
   */
  readonly otherMounts?: readonly string[] | undefined;
  /** Where the WAL of a new database is put, which PGDATA/pg_wal is a link to then. Absent: in PGDATA. */
  readonly walDirectory?: string | undefined;
  /** Who owns the data. Null: whoever the agent runs as (the pod is non-root). */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly serverPort: number;
  /** HTTP port of the agent. */
  readonly agentPort: number;
  readonly bootstrap: 'auto' | 'restore' | 'initialize';
  readonly role: 'auto' | 'primary' | 'standby';
  /** What a data directory that is older than its backup becomes. Absent: `stop`, so that pods that were rendered before it stay as they are. */
  readonly whenBehind?: WhenBehind | undefined;
  /** `host:port` that a standby follows where no record names another; ordinal 0 of the set through its governing Service by default. */
  readonly primary: string | null;
  /** Domain below which the pods of the set have names (`<service>.<namespace>.svc`); null where it has no governing Service. */
  readonly service: string | null;
  /** Null where no replication-secret is set; the Secret is mounted at `paths.replicationSecret` then. */
  readonly replication: {
    readonly network: string;
    /** How many standbys of the set a commit waits for. Absent: none, so that pods that were rendered before it stay as they are. */
    readonly synchronous?: number | undefined;
  } | null;
  /** Null: nowhere to put backups. */
  readonly store: StoreContract | null;
  /** What `store` is copied to (agent/offsite). Absent where none is asked for, so that pods that were rendered before it stay as they are. */
  readonly offsite?: OffsiteContract | undefined;
  /** Another set's backups to start from (clone), read-only; null: the set's own. With role `standby` they are followed, too (decision/archive-source.ts). */
  readonly source: StoreContract | null;
  readonly restore: {
    /** `latest` or the id of a base backup. */
    readonly backup: string;
    readonly target: RestoreTargetContract | null;
    /** Identity of the request; consumed once. Not null where target is not. */
    readonly id: string | null;
    /**
     * Of the roles of a restored database. Absent: the superuser gets that of the pod. `keep`: none is set. `secret`: the roles of the Secret at
     * `paths.rolePasswords` get theirs, too.
     */
    readonly passwords?: 'keep' | 'secret' | undefined;
  };
  /** Null: `backup: off`. */
  readonly backup: BackupContract | null;
  /** Absent where no setting of dumps is given, so that pods that were rendered before it stay as they are: `noDumps` then. */
  readonly dump?: DumpContract | undefined;
}

/** See decision/went-back.ts. */
export type WhenBehind = 'stop' | 'catch-up' | 'fork';

export interface StoreContract {
  /** Where the claim is mounted: `paths.store` or `paths.source`. */
  readonly mount: string;
  /** Folder in it, relative: `<namespace>/<name>`. */
  readonly prefix: string;
}

export interface OffsiteContract {
  /** As `postgres.io/backup-store` has it; no secret is in it. */
  readonly address: string;
  /** Seconds that newly received WAL may wait. */
  readonly pushSeconds: number;
  /**
   * Bytes that `store` may hold, which is a spool then: a folder of the node's disk that is gone with the pod. What was sent is removed there.
   * Absent: it is a claim, so that pods that were rendered before it stay as they are.
   */
  readonly spool?: number | undefined;
}

export interface RestoreTargetContract {
  readonly kind: 'time' | 'lsn' | 'xid' | 'name' | 'immediate';
  /** As recovery_target_* takes it; empty for immediate. */
  readonly value: string;
  readonly inclusive: boolean;
}

export interface BackupContract {
  /** Five fields of cron. */
  readonly schedule: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Base backups kept, at least 2. */
  readonly keep: number;
  /** Seconds, or null. */
  readonly keepFor: number | null;
  readonly compression: 'zstd' | 'gzip' | 'none';
  readonly verify: boolean;
  readonly synchronous: boolean;
  /** What an annotation of the StatefulSet says: the live ConfigMap does not change these. In the order of `LiveSetting`. */
  readonly fixed: readonly LiveSetting[];
}

export interface DumpContract {
  /** Five fields of cron, in the zone of base backups; null: only when somebody asks. */
  readonly schedule: string | null;
  /** Dumps kept, at least 1. */
  readonly keep: number;
  /** Seconds, or null. */
  readonly keepFor: number | null;
  readonly format: 'directory' | 'custom' | 'plain';
  readonly jobs: number;
  readonly rolePasswords: boolean;
  /** As `BackupContract.fixed`. */
  readonly fixed: readonly LiveDumpSetting[];
}

/** The defaults of setting-table.ts. */
export const noDumps: DumpContract = {
  schedule: null,
  keep: 7,
  keepFor: null,
  format: 'directory',
  jobs: 2,
  rolePasswords: true,
  fixed: [],
};

export type LiveDumpSetting =
  'dump-schedule' | 'dump-keep' | 'dump-keep-for' | 'dump-format' | 'dump-jobs' | 'dump-role-passwords';

/** Settings that need no new pod: keys of the ConfigMap at `paths.liveSettings`, and names of annotations. */
export type LiveSetting =
  'backup-schedule' | 'backup-time-zone' | 'backup-keep' | 'backup-keep-for' | 'backup-verify' | 'backup-compression';

/** Paths that are the same in every pod. */
export const paths = {
  /** emptyDir `pgusher` (Memory), mounted in every injected container and in the server. */
  shared: '/pgusher',
  /** The sh files, copied there by `pgusher-restore` from the agent image. */
  scripts: '/pgusher/bin',
  /** Claim for backups, or the spool in its place, in pgusher-backup (rw) and pgusher-restore (rw: it claims the store and consumes restore-ids). */
  store: '/pgusher-backup',
  /** Claim of another set, read-only; in pgusher-backup too, which feeds WAL to the restored server. */
  source: '/pgusher-source',
  /** Secret with a login (replication-login.ts); in pgusher-backup, pgusher-restore and pgusher-initdb. */
  replicationSecret: '/pgusher-replication',
  /** Optional Secret with passwords of roles after a restore (passwords/role-passwords.ts); in pgusher-backup and pgusher-restore. */
  rolePasswords: '/pgusher-passwords',
  /**
   * Optional ConfigMap `<set>-pgusher`, in pgusher-backup and pgusher-restore: who is primary (decision/primary-record.ts), and settings
   * that need no new pod (schedule, time zone, keep, keep-for, verify, compression).
   */
  liveSettings: '/pgusher-settings',
  /** HOME and TMPDIR of the agent's containers; small, since it is memory. */
  home: '/pgusher/home',
  /** What ended a container, in a sentence; the kubelet's own default, made by it for any uid. */
  terminationMessage: '/dev/termination-log',
} as const;

/**
 * Folders of volume `pgusher` that the kubelet makes (with the volume's own mode, so that any uid may write) and mounts
 * where a container with a read-only root file system needs to write. They are seen at `paths.shared` too: no other use
 * of the names.
 */
export const sharedFolders = {
  /** At `paths.home` of the agent's containers. */
  home: 'home',
  /** At /tmp of pgusher-initdb. */
  temporary: 'initdb-tmp',
  /** At its /var/run/postgresql. */
  sockets: 'initdb-run',
} as const;

/** Names of the sh files below `paths.scripts`; the sources are in src/agent/scripts/. */
export const scriptNames = {
  /** preStop of the server: `sh <path> SECONDS [-- user's own exec hook …]`. */
  preStop: 'pre-stop.sh',
  /** Main program of pgusher-initdb: `sh <path> [server arguments …]`. */
  initdb: 'initdb.sh',
  /** Stands before the image's programs in the PATH of its initialisation; initdb.sh links it. */
  duringInitdb: 'during-initdb.sh',
  /** Run by it at the end of the initialisation, before the temporary server stops. */
  replication: 'replication.sh',
  /** `restore_command`: `sh <path> %f %p`; of a standby `sh <path> %f %p SECONDS standby`. */
  restoreCommand: 'restore-command.sh',
  /** Read by both probes of the server. */
  serverProbe: 'server-probe.sh',
  /**
   * startupProbe of the server: `sh <path> PORT`. Exit 0 when postmaster.pid says that it starts, or `pg_isready` on
   * 127.0.0.1:PORT says 0 (accepting) or 1 (starting, recovering); anything else 1. Writes nothing, safe at any time.
   */
  started: 'started.sh',
  /**
   * readinessProbe of the server: `sh <path> PORT`. Exit 0 when `pg_isready` says 0 and, where the decision file does not
   * say standby, the server is not in recovery; anything else 1. Authenticates as pre-stop.sh does, from the container's
   * own POSTGRES_USER / POSTGRES_PASSWORD (or _FILE); a refused login is no reason to be unready. Writes nothing.
   */
  ready: 'ready.sh',
} as const;

/**
 * Environment of the injected containers besides PGUSHER_CONTRACT.
 *
 * Where POSTGRES_USER or POSTGRES_PASSWORD is not in the server's `env` but the server has `envFrom`, the agent's
 * containers get the same `envFrom` with its prefixes: the agent then reads POSTGRES_USER, POSTGRES_PASSWORD and their
 * _FILE forms where the PGUSHER_ names below are absent. It reads nothing else of it (but the names of AWS's client, where an off-site copy is
 * asked for without a Secret: whoever gives those to the server gives them to the pod), and passes its programs (libpq
 * reads PGHOST and others) an environment of its own. A value that refers to others (`$(NAME)`) comes with those. A
 * password that is written literally in the manifest is not copied: the agent then connects without one, as the image's
 * pg_hba lets loopback.
 */
export const environmentNames = {
  contract: 'PGUSHER_CONTRACT',
  /** metadata.name of the pod, by the downward API; the ordinal is its last part. */
  pod: 'PGUSHER_POD',
  /** metadata.uid of the pod. */
  podUid: 'PGUSHER_POD_UID',
  /** References to the user's own POSTGRES_USER / POSTGRES_PASSWORD (or _FILE, with the same mount). */
  user: 'PGUSHER_USER',
  userFile: 'PGUSHER_USER_FILE',
  password: 'PGUSHER_PASSWORD',
  passwordFile: 'PGUSHER_PASSWORD_FILE',
  /**
   * Only in pgusher-initdb with a replication-secret, where replication.sh is run for it: what that writes as the address in
   * pg_hba.
   */
  replicationNetwork: 'PGUSHER_REPLICATION_NETWORK',
} as const;
