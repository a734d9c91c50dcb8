import { addressForms, readStoreAddress } from '../store/object/store-address.ts';
import { parseImageReference } from './image-reference.ts';
import { isHostAndPort, isReplicationNetworks } from './network-syntax.ts';
import type { ParameterList } from './parameter-list.ts';
import { parseParameterList } from './parameter-list.ts';
import { parseQuantity } from './quantity.ts';
import { isSchedule } from './schedule-syntax.ts';
import type { SettingName, SettingValues } from './settings.ts';
import { isLsn, isRestorePointName, isTransactionId } from './target-syntax.ts';
import { readTargetTime } from './target-time.ts';
import { isTimeZone } from './time-zone.ts';

/** `expected` says of this one text what `SettingDefinition.expected` says of all. */
export type Parsed<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly expected?: string };

/** One annotation `postgres.io/<name>`. docs/settings.md is generated from these. */
export interface SettingDefinition<Value = unknown> {
  readonly name: SettingName;
  /** As one would write it; undefined where nothing stands for the default, and `unset` says what happens then. */
  readonly default: string | undefined;
  readonly unset: string;
  readonly meaning: string;
  /** Completes "wanted …". */
  readonly expected: string;
  /** A value that is right, for messages and docs. */
  readonly example: string;
  readonly change: ChangeEffect;
  /** `statefulset`: means one database, so that it may not stand on a namespace or in the cluster config. */
  readonly scope: 'any' | 'statefulset';
  readonly parse: (text: string) => Parsed<Value>;
  /** What an editor can tell of a text by itself; what it refuses, `parse` refuses too. */
  readonly form: SettingForm;
  /** What messages show of a text that is wrong, where it may have a secret in it by mistake. */
  readonly shown?: (text: string) => string;
}

export type SettingForm =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'number'; readonly least: number; readonly most: number }
  | { readonly kind: 'text'; readonly pattern?: RegExp };

/**
 * What changing the annotation of a running set does. `restart`: the pods are made anew. `restart-or-live`: so too, but
 * the same key in the ConfigMap `<set>-pgusher` is read live. `create-only`: nothing, claim templates are immutable.
 */
export type ChangeEffect = 'restart' | 'restart-or-live' | 'create-only';

/** What each annotation's text becomes. */
export interface ParsedSettings {
  readonly container: string;
  readonly version: number;
  readonly 'data-directory': string;
  readonly backup: boolean;
  readonly 'backup-engine': string;
  readonly 'backup-claim': string;
  readonly 'backup-storage': SettingValues['backupStorage'];
  readonly 'backup-storage-class': string;
  readonly 'backup-prefix': string;
  readonly 'backup-store': string;
  readonly 'backup-store-secret': string;
  readonly 'backup-spool': SettingValues['backupSpool'];
  readonly 'backup-push': number;
  readonly 'backup-schedule': string;
  readonly 'backup-time-zone': string;
  readonly 'backup-drill': string;
  readonly 'backup-keep': number;
  readonly 'backup-keep-for': number;
  readonly 'backup-compression': SettingValues['backupCompression'];
  readonly 'backup-verify': boolean;
  readonly 'backup-synchronous': boolean;
  readonly 'dump-schedule': string;
  readonly 'dump-keep': number;
  readonly 'dump-keep-for': number;
  readonly 'dump-format': SettingValues['dumpFormat'];
  readonly 'dump-jobs': number;
  readonly 'dump-role-passwords': boolean;
  readonly bootstrap: SettingValues['bootstrap'];
  readonly 'when-behind': SettingValues['whenBehind'];
  readonly 'restore-from': string;
  readonly 'restore-from-claim': string;
  readonly 'restore-backup': string;
  readonly 'restore-target-time': string;
  readonly 'restore-target-lsn': string;
  readonly 'restore-target-xid': string;
  readonly 'restore-target-name': string;
  readonly 'restore-target-immediate': boolean;
  readonly 'restore-target-inclusive': boolean;
  readonly 'restore-id': string;
  readonly 'restore-passwords': SettingValues['restorePasswords'];
  readonly 'restore-passwords-secret': string;
  readonly role: SettingValues['role'];
  readonly primary: string;
  readonly 'replication-secret': string;
  readonly 'replication-network': string;
  readonly synchronous: number;
  readonly 'pre-stop': boolean;
  readonly 'stop-grace': number;
  readonly probes: boolean;
  readonly parameters: ParameterList;
  readonly 'agent-image': string;
  readonly 'agent-cpu': string;
  readonly 'agent-memory': string;
  readonly 'agent-port': number;
  readonly 'run-as': { readonly uid: number; readonly gid: number };
  readonly 'injection-version': string;
}

type Accepts<Value> = Pick<SettingDefinition<Value>, 'expected' | 'parse' | 'form'>;

/** Built-in default of `agent-image`; clusters that pull from elsewhere set it in their config file. */
export const defaultAgentImage = 'ghcr.io/pgusher/pgusher-agent:0.1.0';

function accept<Value>(
  expected: string,
  read: (text: string) => Value | undefined,
  form: SettingForm = { kind: 'text' },
): Accepts<Value> {
  return {
    expected,
    form,
    parse: (text) => {
      const value = read(text);
      return value === undefined ? { ok: false } : { ok: true, value };
    },
  };
}

function acceptText(expected: string, isRight: (text: string) => boolean, pattern?: RegExp): Accepts<string> {
  const form: SettingForm = pattern === undefined ? { kind: 'text' } : { kind: 'text', pattern };
  return accept(expected, (text) => (isRight(text) ? text : undefined), form);
}

function acceptPattern(expected: string, pattern: RegExp, longest = Infinity): Accepts<string> {
  return acceptText(expected, (text) => text.length <= longest && pattern.test(text), pattern);
}

function acceptWord<Word extends string>(...words: readonly Word[]): Accepts<Word> {
  const last = words.at(-1) ?? '';
  const expected = words.length === 1 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
  return accept(expected, (text) => words.find((word) => word === text), { kind: 'words', words });
}

function acceptWholeNumber(expected: string, least: number, most: number): Accepts<number> {
  const read = (text: string): number | undefined => {
    const value = /^(0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : NaN;
    return value >= least && value <= most ? value : undefined;
  };
  return accept(expected, read, { kind: 'number', least, most });
}

function acceptQuantity(expected: string, least: number): Accepts<string> {
  return acceptText(expected, (text) => (parseQuantity(text) ?? 0) >= least);
}

/** ISO 8601's `Z` becomes `+00`, which PostgreSQL takes in recovery_target_time as well. */
const acceptTargetTime: Accepts<string> = {
  form: { kind: 'text' },
  expected: 'a date and time with an offset, such as 2026-11-21 06:00:00+00, or with a zone such as Europe/Berlin',
  parse: (text) => {
    const read = readTargetTime(text);
    return read.kind === 'read'
      ? { ok: true, value: text.replace(/(?<=\d) ?Z$/, '+00') }
      : { ok: false, expected: read.wanted };
  },
};

const onOrOff: Accepts<boolean> = accept(
  'on or off',
  (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
  { kind: 'words', words: ['on', 'off'] },
);

/** RFC 1123 label: what a container may be called. */
const labelName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The restore's name becomes a file name in the store, so it has no slash and no leading dot. */
const identity = /^[A-Za-z0-9][\w.-]{0,62}$/;

/** RFC 1123 subdomain: what the apiserver takes as the name of most objects. */
const objectName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const longestObjectName = 253;

function acceptObjectName(kind: string): Accepts<string> {
  return acceptPattern(`the name of a ${kind} in the same namespace`, objectName, longestObjectName);
}

/** A relative folder: parts that start with a letter or digit, so that `..`, `.tmp-…` and a leading `/` are out. */
const acceptFolder: Accepts<string> = acceptPattern(
  'a relative folder such as shop/orders, without "..", of letters, digits, ".", "_" and "-"',
  /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/,
  255,
);

/** What was seen stands in brackets behind what is wanted: messages begin with the annotation and its value. */
const acceptStoreAddress: Accepts<string> = {
  form: { kind: 'text', pattern: /^(?:s3|gs|azblob):\/\// },
  expected: `the address of an object store: ${addressForms}`,
  parse: (text) => {
    const read = readStoreAddress(text);
    if (read.kind !== 'invalid') return { ok: true, value: text };
    const [seen = '', ...wanted] = read.words.split('; wanted ');
    return { ok: false, expected: wanted.length === 0 ? read.words : `${wanted.join('; wanted ')} (${seen})` };
  },
};

const absolutePath = /^(\/[^/]+)+$/;

const acceptDataDirectory = acceptText(
  'an absolute path below the root, without "." or ".." parts and without a slash at the end',
  (text) =>
    text.length <= 1024 &&
    !/\p{Cc}/u.test(text) &&
    absolutePath.test(text) &&
    !text.split('/').some((part) => part === '.' || part === '..'),
  absolutePath,
);

const secondsPerUnit: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 7 * 86_400 };

const age = /^([1-9][0-9]{0,4})([hdw])$/;

const acceptAge = accept(
  'a whole number with h, d or w (hours, days, weeks), such as 14d',
  (text) => {
    const match = age.exec(text);
    return match === null ? undefined : Number(match[1]) * (secondsPerUnit[match[2] ?? ''] ?? 0);
  },
  { kind: 'text', pattern: age },
);

const acceptStorage = accept<SettingValues['backupStorage']>('auto, none or a size such as 20Gi', (text) => {
  if (text === 'auto' || text === 'none') return { kind: text };
  return (parseQuantity(text) ?? 0) >= 1 ? { kind: 'size', quantity: text } : undefined;
});

const acceptSpool = accept<SettingValues['backupSpool']>('auto or a size such as 20Gi, at least 1Gi', (text) => {
  if (text === 'auto') return { kind: text };
  return (parseQuantity(text) ?? 0) >= 2 ** 30 ? { kind: 'size', quantity: text } : undefined;
});

/** Ids as the engine `volume` makes them (agent/store/layout.ts). */
const acceptBackupId = acceptPattern(
  'latest or an id as `pgusher-agent list` prints it, such as 20261121T030000Z_00000001_0000000002000028',
  /^(latest|[0-9]{8}T[0-9]{6}Z_[0-9A-F]{8}_[0-9A-F]{16})$/,
);

const owner = /^([1-9][0-9]{0,9}):([0-9]|[1-9][0-9]{1,9})$/;

const acceptOwner = accept(
  'uid:gid such as 999:999, not 0 (PostgreSQL does not run as root)',
  (text) => {
    const match = owner.exec(text);
    const uid = Number(match?.[1]);
    const gid = Number(match?.[2]);
    return uid <= 0x7fff_ffff && gid <= 0x7fff_ffff ? { uid, gid } : undefined;
  },
  { kind: 'text', pattern: owner },
);

const acceptParameters = accept(
  'name=value, name=value (quotes as in postgresql.conf around a comma), each name once and none that pgusher sets: ' +
    'archive_*, recovery_*, restore_command, primary_conninfo, primary_slot_name, data_directory, *_file',
  parseParameterList,
);

type Wording = Omit<SettingDefinition, 'name' | 'parse' | 'expected' | 'form'>;

function define<Name extends SettingName>(
  name: Name,
  accepts: Accepts<ParsedSettings[Name]>,
  wording: Partial<Wording> & Pick<Wording, 'meaning' | 'example'>,
): SettingDefinition<ParsedSettings[Name]> {
  return { name, default: undefined, unset: 'none', change: 'restart', scope: 'any', ...wording, ...accepts };
}

/** By name; the order is that of the docs. */
export const settingDefinitions: { readonly [Name in SettingName]: SettingDefinition<ParsedSettings[Name]> } = {
  container: define('container', acceptPattern('the name of a container of the pod', labelName), {
    unset:
      'detected: the only container, or the one that image, port 5432, POSTGRES_* variables and data mount point to',
    meaning: 'The container that runs Postgres, where that is not plain.',
    example: 'postgres',
    scope: 'statefulset',
  }),
  version: define('version', acceptWholeNumber('a major version, a whole number from 10 to 99', 10, 99), {
    unset: 'from the image tag',
    meaning: 'Major version of PostgreSQL, where the image tag does not tell (a digest alone, a name of your own).',
    example: '17',
    scope: 'statefulset',
  }),
  'data-directory': define('data-directory', acceptDataDirectory, {
    unset: '`PGDATA`, or where the image keeps it; on CREATE `<mount>/pgdata` where neither says',
    meaning: 'Where the data directory (`PGDATA`) is.',
    example: '/var/lib/postgresql/data/pgdata',
    scope: 'statefulset',
  }),
  backup: define('backup', onOrOff, {
    default: 'on',
    meaning: '`off` leaves out backups; restore, clean stops and checks stay.',
    example: 'off',
  }),
  'backup-engine': define('backup-engine', acceptWord('volume'), {
    default: 'volume',
    meaning: 'What makes and keeps backups. `volume`: base backups and WAL on a claim.',
    example: 'volume',
  }),
  'backup-claim': define('backup-claim', acceptObjectName('PersistentVolumeClaim'), {
    meaning:
      'An existing claim for backups. Needed to adopt a running set, whose claim templates cannot change, unless `backup-store` is written.',
    example: 'orders-backup',
  }),
  'backup-storage': define('backup-storage', acceptStorage, {
    default: 'auto',
    meaning:
      'Size of the claim template `pgusher-backup` that is added on CREATE. `auto`: twice the data claim. `none`: no template; with `backup-store` a spool is in its place.',
    example: '40Gi',
    change: 'create-only',
  }),
  'backup-storage-class': define(
    'backup-storage-class',
    acceptPattern('the name of a StorageClass', objectName, longestObjectName),
    {
      unset: 'that of the data claim',
      meaning: 'Storage class of the claim template `pgusher-backup`; best on other disks than the data.',
      example: 'backup-hdd',
      change: 'create-only',
    },
  ),
  'backup-prefix': define('backup-prefix', acceptFolder, {
    unset: '`<namespace>/<name>`',
    meaning: 'Folder of this set in the place for backups.',
    example: 'shop/orders',
    scope: 'statefulset',
  }),
  'backup-store': define('backup-store', acceptStoreAddress, {
    meaning:
      'Object store for backups, so that they leave the zone: each set below `<namespace>/<name>` of the prefix. ' +
      'A claim for backups is copied there; where a set has none, WAL and base backups go there through a spool on the node (`backup-spool`). What is lost with the data volume, the claim or the node is what was committed in the last `backup-push` seconds. See docs/off-site.md.',
    example: 's3://company-backups/production?region=eu-central-1',
    shown: (text) => text.replace(/\/\/[^/?#]*@/g, '//…@'),
  }),
  'backup-store-secret': define('backup-store-secret', acceptObjectName('Secret'), {
    unset: "the platform's identity (IRSA, EKS Pod Identity, instance metadata; workload identity of GKE and AKS)",
    meaning:
      'Secret with the keys for `backup-store`: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, where wanted `AWS_SESSION_TOKEN` and `AWS_REGION`; for Google `GS_ACCESS_KEY_ID` and `GS_SECRET_ACCESS_KEY`; in Azure `AZURE_STORAGE_KEY` or `AZURE_STORAGE_SAS_TOKEN`; and the file of `ca=/pgusher-store/<key>`.',
    example: 'orders-backup-store',
  }),
  'backup-spool': define('backup-spool', acceptSpool, {
    default: 'auto',
    meaning:
      "With `backup-store` and without a claim for backups: how much of the node's disk (an emptyDir) a base backup on its way, WAL that could not be sent yet and what a restore brings may take. `auto`: as much as the data claim has, 10Gi where that is not known. It reserves nothing.",
    example: '20Gi',
  }),
  'backup-push': define('backup-push', acceptWholeNumber('seconds, a whole number from 1 to 3600', 1, 3600), {
    default: '5',
    meaning:
      'Seconds that received WAL may wait until it is sent to `backup-store`; a request each time while there are writes, none while there are none.',
    example: '30',
  }),
  'backup-schedule': define(
    'backup-schedule',
    acceptText('five fields of cron that come due at some time, such as 30 2 * * *', isSchedule),
    {
      unset: 'daily, at a minute and an hour that follow from namespace and name',
      meaning: 'When base backups are made, as a cron expression.',
      example: '30 2 * * *',
      change: 'restart-or-live',
    },
  ),
  'backup-time-zone': define(
    'backup-time-zone',
    acceptText('a name from the IANA time zone database, such as Europe/Berlin', isTimeZone),
    {
      default: 'UTC',
      meaning: 'Time zone of `backup-schedule`.',
      example: 'Europe/Berlin',
      change: 'restart-or-live',
    },
  ),
  'backup-drill': define(
    'backup-drill',
    acceptText('five fields of cron that come due at some time, such as 0 4 * * 0', isSchedule),
    {
      unset: 'never by itself',
      meaning:
        'When the backups are tried by a restore drill, as a cron expression in `backup-time-zone`. It is done by the CronJob that `pgusher drill SET --cronjob` prints, and nothing in the pod.',
      example: '0 4 * * 0',
    },
  ),
  'backup-keep': define('backup-keep', acceptWholeNumber('a whole number from 2 to 1000', 2, 1000), {
    default: '7',
    meaning: 'Base backups kept; with one alone there would be none while the next is made.',
    example: '14',
    change: 'restart-or-live',
  }),
  'backup-keep-for': define('backup-keep-for', acceptAge, {
    unset: 'by count alone',
    meaning: 'Base backups are kept for at least this long, even where that makes more than `backup-keep`.',
    example: '30d',
    change: 'restart-or-live',
  }),
  'backup-compression': define('backup-compression', acceptWord('zstd', 'gzip', 'none'), {
    default: 'zstd',
    meaning: 'Compression of base backups and WAL.',
    example: 'gzip',
    change: 'restart-or-live',
  }),
  'backup-verify': define('backup-verify', onOrOff, {
    default: 'on',
    meaning: 'Check each base backup against its manifest, and its WAL chain, after it is made.',
    example: 'off',
    change: 'restart-or-live',
  }),
  'backup-synchronous': define('backup-synchronous', onOrOff, {
    default: 'off',
    meaning:
      '`on`: a commit returns only when its WAL is in the backup, so that nothing committed can be lost with the data volume.',
    example: 'on',
  }),
  'dump-schedule': define(
    'dump-schedule',
    acceptText('five fields of cron that come due at some time, such as 0 1 * * *', isSchedule),
    {
      unset: 'never by itself',
      meaning:
        'When each database is dumped beside the base backups, as a cron expression in `backup-time-zone`; by the primary, into the place for backups. See docs/dumps.md.',
      example: '0 1 * * *',
      change: 'restart-or-live',
    },
  ),
  'dump-keep': define('dump-keep', acceptWholeNumber('a whole number from 1 to 1000', 1, 1000), {
    default: '7',
    meaning: 'Dumps kept. The newest good one of each database stays in any case.',
    example: '14',
    change: 'restart-or-live',
  }),
  'dump-keep-for': define('dump-keep-for', acceptAge, {
    unset: 'by count alone',
    meaning: 'Dumps are kept for at least this long, even where that makes more than `dump-keep`.',
    example: '30d',
    change: 'restart-or-live',
  }),
  'dump-format': define('dump-format', acceptWord('directory', 'custom', 'plain'), {
    default: 'directory',
    meaning:
      '`directory`: a file for each table, several at once. `custom`: one file. `plain`: SQL, which can be read, and loaded as a whole only. Compressed as `backup-compression` says.',
    example: 'custom',
    change: 'restart-or-live',
  }),
  'dump-jobs': define('dump-jobs', acceptWholeNumber('a whole number from 1 to 32', 1, 32), {
    default: '2',
    meaning: 'Tables of one database that are dumped at once; each takes a connection.',
    example: '4',
    change: 'restart-or-live',
  }),
  'dump-role-passwords': define('dump-role-passwords', onOrOff, {
    default: 'on',
    meaning: '`off`: the roles of a dump have no passwords, not even as verifiers.',
    example: 'off',
    change: 'restart-or-live',
  }),
  bootstrap: define('bootstrap', acceptWord('auto', 'restore', 'initialize'), {
    default: 'auto',
    meaning:
      'What an empty data directory becomes. `auto`: restored where there are backups, else initialised. `restore`: never initialised. `initialize`: never restored.',
    example: 'restore',
  }),
  'when-behind': define('when-behind', acceptWord('stop', 'catch-up', 'fork'), {
    default: 'stop',
    meaning:
      'What happens where the data volume went back: the store holds WAL that the data directory has lost. `stop`: the pod stays down and says both ends. ' +
      "`catch-up`: the store's WAL is replayed, nothing is lost. `fork`: the older state goes on without those rows, on a timeline of its own; done once, a second time with another `restore-id`.",
    example: 'catch-up',
    scope: 'statefulset',
  }),
  'restore-from': define('restore-from', acceptFolder, {
    unset: 'own `backup-prefix`',
    meaning:
      "Folder of another set's backups to start from (clone); only read. With `role: standby` what comes there later is replayed, too: without a `primary` the standby follows these backups alone, with one it streams and takes from here what the primary has recycled. See docs/standbys.md.",
    example: 'shop/orders',
    scope: 'statefulset',
  }),
  'restore-from-claim': define('restore-from-claim', acceptObjectName('PersistentVolumeClaim'), {
    unset: 'own place for backups',
    meaning: 'Claim that holds the backups to start from, or to follow; mounted read-only.',
    example: 'pgusher-backup-orders-0',
    scope: 'statefulset',
  }),
  'restore-backup': define('restore-backup', acceptBackupId, {
    default: 'latest',
    meaning: 'Base backup to restore: `latest` (the newest that reaches the target) or an id.',
    example: '20261121T030000Z_00000001_0000000002000028',
    scope: 'statefulset',
  }),
  'restore-target-time': define('restore-target-time', acceptTargetTime, {
    meaning: 'Restore up to this moment (recovery_target_time).',
    example: '2026-11-21 06:00:00+00',
    scope: 'statefulset',
  }),
  'restore-target-lsn': define('restore-target-lsn', acceptText('a log sequence number such as 16/B374D848', isLsn), {
    meaning: 'Restore up to this place in the WAL (recovery_target_lsn).',
    example: '16/B374D848',
    scope: 'statefulset',
  }),
  'restore-target-xid': define(
    'restore-target-xid',
    acceptText('a transaction id from 3 to 4294967295', isTransactionId),
    {
      meaning: 'Restore up to this transaction (recovery_target_xid).',
      example: '48213',
      scope: 'statefulset',
    },
  ),
  'restore-target-name': define(
    'restore-target-name',
    acceptText('the name of a restore point, 1 to 63 bytes', isRestorePointName),
    {
      meaning: 'Restore up to this restore point, made with pg_create_restore_point() (recovery_target_name).',
      example: 'before-migration',
      scope: 'statefulset',
    },
  ),
  'restore-target-immediate': define('restore-target-immediate', onOrOff, {
    default: 'off',
    meaning: '`on`: stop as soon as the base backup is consistent (recovery_target = immediate).',
    example: 'on',
    scope: 'statefulset',
  }),
  'restore-target-inclusive': define('restore-target-inclusive', onOrOff, {
    default: 'on',
    meaning: '`off`: stop just before the target (recovery_target_inclusive).',
    example: 'off',
    scope: 'statefulset',
  }),
  'restore-id': define(
    'restore-id',
    acceptPattern('1 to 63 letters, digits, ".", "_" or "-", starting with a letter or digit', identity),
    {
      meaning:
        'Name of this one restore, yours to choose; needed with a target, done once, and never again under the same name.',
      example: '2026-11-21-undo-drop',
      scope: 'statefulset',
    },
  ),
  'restore-passwords': define('restore-passwords', acceptWord('set', 'keep'), {
    default: 'set',
    meaning:
      "What passwords a restored database has, which was backed up with those of that day, or of another set. `set`: before the pod is Ready, the superuser gets that of the pod's `POSTGRES_PASSWORD` (from a Secret, or `POSTGRES_PASSWORD_FILE`). `keep`: as they were. Once for each restore.",
    example: 'keep',
  }),
  'restore-passwords-secret': define('restore-passwords-secret', acceptObjectName('Secret'), {
    unset: 'the superuser alone',
    meaning:
      'Secret with the passwords that other roles get after a restore: each key the name of a role; or `username` and `password` of one role. A role that the restored database does not have is said, and not made.',
    example: 'orders-app',
    scope: 'statefulset',
  }),
  role: define('role', acceptWord('auto', 'primary', 'standby'), {
    default: 'auto',
    meaning: '`auto`: ordinal 0 is the primary, the others its standbys. `primary`, `standby`: all of the set.',
    example: 'standby',
    scope: 'statefulset',
  }),
  primary: define('primary', acceptText('host or host:port, such as orders-0.orders.shop.svc:5432', isHostAndPort), {
    unset: "the set's own ordinal 0; with `role: standby` none",
    meaning:
      'The primary that a standby copies and follows. A set of `role: standby` without one follows the backups of `restore-from`.',
    example: 'orders-0.orders.shop.svc:5432',
    scope: 'statefulset',
  }),
  'replication-secret': define('replication-secret', acceptObjectName('Secret'), {
    meaning:
      'Secret with the keys `username` and `password` of the replication role (or `REPLICATION_USER` and `REPLICATION_PASSWORD`, or `PG_MASTER_USER` and `PG_MASTER_PASSWORD`); needed with more than one replica, and with role standby and a `primary`.',
    example: 'orders-replication',
  }),
  'replication-network': define(
    'replication-network',
    acceptText('all, or a list of networks such as 10.0.0.0/8, fd00::/8; samenet, samehost', isReplicationNetworks),
    {
      default: 'all',
      meaning:
        'Addresses that may replicate (address column of pg_hba.conf), a line each. Whoever comes from there still needs the password, by SCRAM, and TLS where the server has it. `all`: pods of one set are on many networks (one a node, or an address alone), and a mesh hides them. `samenet`: those of the same subnet, which holds on one node only in most clusters.',
      example: '10.244.0.0/16, fd00:10:244::/56',
    },
  ),
  synchronous: define('synchronous', acceptWholeNumber('a whole number from 0 to 9', 0, 9), {
    default: '0',
    meaning:
      "How many of the set's standbys have each commit on disk before it returns, any of them (`ANY n` of synchronous_standby_names). Fewer than the set has standbys: while fewer stream, every commit waits. Set once so many have streamed, and kept over restarts and promotions. The receiver of backups and other programs never count; not with `backup-synchronous`, since PostgreSQL cannot wait for both. The key of the ConfigMap goes before the annotation here, so that `0` lets commits go on at once. See docs/standbys.md.",
    example: '1',
    change: 'restart-or-live',
    scope: 'statefulset',
  }),
  'pre-stop': define('pre-stop', onOrOff, {
    default: 'on',
    meaning: '`off` leaves out the preStop hook that stops the server fast and cleanly.',
    example: 'off',
  }),
  'stop-grace': define('stop-grace', acceptWholeNumber('seconds, a whole number from 30 to 86400', 30, 86_400), {
    default: '300',
    meaning: 'Least terminationGracePeriodSeconds; a lower one is raised to it.',
    example: '600',
  }),
  probes: define('probes', onOrOff, {
    default: 'on',
    meaning: 'Add startup and readiness probes where the set has none.',
    example: 'off',
  }),
  parameters: define('parameters', acceptParameters, {
    meaning: 'Server parameters, given to the server as `-c` arguments.',
    example: 'max_connections=200, shared_buffers=1GB',
  }),
  'agent-image': define(
    'agent-image',
    acceptText(
      'an image reference such as registry.example:5000/pgusher-agent:0.1.0',
      (text) => parseImageReference(text) !== undefined,
    ),
    {
      default: defaultAgentImage,
      meaning: 'Image of the injected containers.',
      example: 'registry.example:5000/pgusher-agent:0.1.0',
    },
  ),
  'agent-cpu': define('agent-cpu', acceptQuantity('an amount of CPU of at least 10m, such as 500m', 0.01), {
    default: '500m',
    meaning:
      'CPU limit of `pgusher-restore` and `pgusher-backup`. Of it 100m are requested, which an idle agent needs; all of it where the server requests as much as its limits are, so that the pod stays Guaranteed; neither where the pod speaks of CPU itself (`spec.template.spec.resources`). `pgusher-initdb` has what the server has.',
    example: '1',
  }),
  'agent-memory': define(
    'agent-memory',
    acceptQuantity('an amount of memory of at least 64Mi, such as 256Mi', 64 * 2 ** 20),
    {
      default: '256Mi',
      meaning:
        'Memory request and limit of `pgusher-restore` and `pgusher-backup`; neither where the pod speaks of memory itself.',
      example: '512Mi',
    },
  ),
  'agent-port': define('agent-port', acceptWholeNumber('a port from 1024 to 65535', 1024, 65_535), {
    default: '8432',
    meaning: "Port of the agent's probes, metrics and status page.",
    example: '9432',
  }),
  'run-as': define('run-as', acceptOwner, {
    unset: 'from the image',
    meaning: 'uid and gid of the server, where the image starts as root and is not known.',
    example: '999:999',
    scope: 'statefulset',
  }),
  'injection-version': define(
    'injection-version',
    acceptText('latest, or the version that pgusher wrote', (text) => text !== ''),
    {
      unset: 'written by pgusher',
      meaning: 'Version of pgusher that rendered the pods. Write `latest` to have them rendered anew.',
      example: 'latest',
      scope: 'statefulset',
    },
  ),
};

/** The same as a list, in the order of the docs. */
export const settingTable: readonly SettingDefinition[] = Object.values(settingDefinitions);
