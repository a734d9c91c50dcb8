import type { ImageReference } from './image-reference.ts';
import type { Sh } from './started-programs.ts';

/** Everything that differs between the Postgres images people run; one table, this file. */
export interface ImageFamily {
  readonly id: FamilyId;
  /** uid and gid of the server where the image starts as root and steps down, or its USER. */
  readonly uid: number;
  readonly gid: number;
  /** The image promises no uid (it is made by `adduser --system`, or nothing is known): `run-as` should say it. */
  readonly ownerIsAGuess: boolean;
  /** PGDATA where nobody sets it. */
  dataDirectory(major: number | undefined): string;
  /** What the image declares as VOLUME. */
  volumes(major: number | undefined): readonly string[];
  /** Where `-D` in the image's own CMD points, when it holds the configuration and not the data. */
  readonly configurationDirectory: string | undefined;
  /** What stands behind `postgres` in the image's own CMD; undefined: not known, since the name may be anybody's. */
  readonly startArguments: readonly string[] | undefined;
  /** The image's ENTRYPOINT where it is a program of its own, which prepares something and then becomes docker-entrypoint.sh. */
  readonly entrypoint: string | undefined;
  /** The image starts as root when the pod does not say otherwise. */
  readonly startsAsRoot: boolean;
  /** What /bin/sh is; undefined: it differs from build to build, or nobody knows. */
  readonly sh: Sh | undefined;
  /** The signal that stops a container of this image; `SIGTERM` is a smart shutdown, which pooled sessions never end. */
  readonly stopSignal: 'SIGINT' | 'SIGTERM';
  /** Runs `docker-entrypoint.sh` of docker-library/postgres or one made from it, with /docker-entrypoint-initdb.d. */
  readonly officialEntrypoint: boolean;
  /** Initialisation writes outside data directory, /tmp and /var/run/postgresql, so its root file system stays writable. */
  readonly initialisationWritesElsewhere: boolean;
  /** `managed`: injected into; `left-alone`: brings its own restore and roles (spilo, crunchy, bitnami …), nothing is injected. */
  readonly treatment: 'managed' | 'left-alone';
}

export type FamilyId =
  | 'postgres'
  | 'postgres-alpine'
  | 'postgis'
  | 'postgis-alpine'
  | 'pgvector'
  | 'timescaledb'
  | 'timescaledb-ha'
  | 'supabase'
  | 'immich'
  | 'age'
  | 'bitnami'
  | 'spilo'
  | 'crunchy'
  | 'patroni'
  | 'stolon'
  | 'citus'
  | 'repmgr'
  | 'pg-auto-failover'
  | 'cloudnative-pg'
  | 'sclorg'
  | 'unknown';

/** docker-library/postgres on Debian; the images made from it change little. */
const official: ImageFamily = {
  id: 'postgres',
  uid: 999,
  gid: 999,
  ownerIsAGuess: false,
  // docker-library/postgres#1259: from 18 on PGDATA names the major version and VOLUME moved one level up.
  dataDirectory: (major) =>
    major !== undefined && major >= 18 ? `/var/lib/postgresql/${major}/docker` : '/var/lib/postgresql/data',
  volumes: (major) => [major !== undefined && major >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data'],
  configurationDirectory: undefined,
  startArguments: [],
  entrypoint: undefined,
  startsAsRoot: true,
  sh: 'dash',
  stopSignal: 'SIGINT',
  officialEntrypoint: true,
  initialisationWritesElsewhere: false,
  treatment: 'managed',
};

const alpine = { uid: 70, gid: 70, sh: 'ash' } as const;

/** They run a supervisor of their own (Patroni, pgBackRest, repmgr) that restores and promotes by itself. */
const leftAlone: ImageFamily = {
  ...official,
  startsAsRoot: false,
  sh: undefined,
  stopSignal: 'SIGTERM',
  officialEntrypoint: false,
  initialisationWritesElsewhere: true,
  treatment: 'left-alone',
};

/** Taken where the repository name tells nothing: what most images made from the official one keep. */
const unknownFamily: ImageFamily = {
  ...official,
  id: 'unknown',
  ownerIsAGuess: true,
  startArguments: undefined,
  sh: undefined,
  initialisationWritesElsewhere: true,
};

export const imageFamilies: readonly ImageFamily[] = [
  official,
  { ...official, ...alpine, id: 'postgres-alpine' },
  { ...official, id: 'postgis' },
  { ...official, ...alpine, id: 'postgis-alpine' },
  { ...official, id: 'pgvector' },
  // Made on Alpine only.
  { ...official, ...alpine, id: 'timescaledb' },
  {
    ...official,
    id: 'timescaledb-ha',
    uid: 1000,
    gid: 1000,
    dataDirectory: () => '/home/postgres/pgdata/data',
    volumes: () => [],
    startsAsRoot: false,
    // Its Dockerfile has no STOPSIGNAL.
    stopSignal: 'SIGTERM',
    initialisationWritesElsewhere: true,
  },
  {
    ...official,
    id: 'supabase',
    uid: 105,
    gid: 106,
    ownerIsAGuess: true,
    dataDirectory: () => '/var/lib/postgresql/data',
    volumes: () => [],
    configurationDirectory: '/etc/postgresql',
    startArguments: ['-D', '/etc/postgresql'],
    // Ubuntu's up to 15, others since.
    sh: undefined,
    // pgsodium's root key lies beside the configuration, outside PGDATA.
    initialisationWritesElsewhere: true,
  },
  {
    // immich-app/base-images, postgres/Dockerfile: the file that loads vchord.so is made by the entrypoint.
    ...official,
    id: 'immich',
    startArguments: ['-c', 'config_file=/etc/postgresql/postgresql.conf'],
    entrypoint: '/usr/local/bin/immich-docker-entrypoint.sh',
    initialisationWritesElsewhere: true,
  },
  // apache/age, docker/Dockerfile.
  { ...official, id: 'age', startArguments: ['-c', 'shared_preload_libraries=age'] },
  {
    ...leftAlone,
    id: 'bitnami',
    uid: 1001,
    gid: 1001,
    dataDirectory: () => '/bitnami/postgresql/data',
    volumes: () => ['/bitnami/postgresql'],
  },
  {
    ...leftAlone,
    id: 'spilo',
    uid: 101,
    gid: 103,
    startsAsRoot: true,
    dataDirectory: () => '/home/postgres/pgdata/pgroot/data',
    volumes: () => [],
  },
  {
    ...leftAlone,
    id: 'crunchy',
    uid: 26,
    gid: 26,
    dataDirectory: (major) => (major === undefined ? '/pgdata' : `/pgdata/pg${major}`),
    volumes: () => [],
  },
  // Of the rest neither owner nor place is promised: who manages them says it in a configuration of its own.
  { ...leftAlone, id: 'patroni', ownerIsAGuess: true, volumes: () => [] },
  { ...leftAlone, id: 'stolon', ownerIsAGuess: true, startsAsRoot: true, volumes: () => [] },
  { ...leftAlone, id: 'citus', startsAsRoot: true },
  { ...leftAlone, id: 'repmgr', ownerIsAGuess: true, volumes: () => [] },
  { ...leftAlone, id: 'pg-auto-failover', ownerIsAGuess: true, volumes: () => [] },
  { ...leftAlone, id: 'cloudnative-pg', uid: 26, gid: 26, volumes: () => [] },
  {
    // Red Hat's: run-postgresql sets PGDATA whatever the pod says, moves data, runs pg_upgrade and changes passwords and replication at each start
    // (sclorg/postgresql-container, common.sh).
    ...leftAlone,
    id: 'sclorg',
    uid: 26,
    gid: 26,
    dataDirectory: () => '/var/lib/pgsql/data/userdata',
    volumes: () => [],
  },
  unknownFamily,
];

const byId: ReadonlyMap<string, ImageFamily> = new Map(imageFamilies.map((family) => [family.id, family]));

/**
 * Repository names, most telling first; matched against whole trailing path parts, so that mirrors count
 * (`registry.corp:5000/mirror/library/postgres`) and look-alikes do not (`postgres-exporter`).
 * No family: known to be a server or a tool that is not what its last path part says.
 */
const repositoryNames: readonly (readonly [pattern: RegExp, family: FamilyId | undefined])[] = [
  // No server, whatever else stands in the name.
  [/(^|\/)[^/]*(exporter|pgpool|pgbouncer|operator)[^/]*$/, undefined],
  [
    /(^|\/)bitnami(legacy|secure|charts|prem|premium)?\/([^/]+\/)*(postgresql(-[^/]+)?|supabase-postgres|postgis|timescaledb)$/,
    'bitnami',
  ],
  [/(^|\/)postgresql-repmgr$/, 'bitnami'],
  [/(^|\/)spilo(-[^/]*)?$/, 'spilo'],
  [/(^|\/)crunchy-postgres(-[^/]+)?$/, 'crunchy'],
  [/(^|\/)(patroni([-_][^/]*)?|[^/]+[-_]patroni|ongres\/.+)$/, 'patroni'],
  [/(^|\/)stolon([-_][^/]*)?$/, 'stolon'],
  [/(^|\/)(pg_auto_failover|pg-auto-failover|pgautofailover)([-_][^/]*)?$/, 'pg-auto-failover'],
  [/(^|\/)citus(data\/[^/]+|[-_][^/]*)?$/, 'citus'],
  [/(^|\/)(repmgr([-_][^/]*)?|[^/]+[-_]repmgr|(postdock|paunin)\/postgres[^/]*)$/, 'repmgr'],
  [/(^|\/)(sclorg\/postgresql|(rhscl|rhel\d+|ubi\d+|centos\d*|fedora)\/postgresql-\d+)(-[^/]+)?$/, 'sclorg'],
  // Without an entrypoint: the operator starts them with a program of its own.
  [/(^|\/)cloudnative-pg\/(postgresql|postgis)(-[^/]+)?$/, 'cloudnative-pg'],
  [/(^|\/)supabase\/(([^/]+\/)*)postgres$/, 'supabase'],
  [/(^|\/)supabase-postgres$/, 'supabase'],
  [/(^|\/)immich-app\/postgres$/, 'immich'],
  [/(^|\/)apache\/age$/, 'age'],
  [/(^|\/)timescaledb-ha$/, 'timescaledb-ha'],
  [/(^|\/)timescaledb$/, 'timescaledb'],
  // Their own entrypoints and settings under a familiar last part.
  [/(^|\/)kartoza\/postgis$/, undefined],
  [/(^|\/)(postgis|docker-postgis)$/, 'postgis'],
  [/(^|\/)(ankane\/)?pgvector$/, 'pgvector'],
  [/(^|\/)(postgres|postgresql)$/, 'postgres'],
];

/** `17.2.0-debian-12-r3`: nobody else counts like that, so that mirrors under another name are told from stock images. */
const bitnamiTag = /^[0-9]+\.[0-9]+\.[0-9]+-(debian|photon|ol|centos)-[0-9]+(-r[0-9]+)?$/;

const alpineTwins: Partial<Readonly<Record<FamilyId, FamilyId>>> = {
  postgres: 'postgres-alpine',
  postgis: 'postgis-alpine',
};

function idOf({ repository, tag = '' }: ImageReference): FamilyId | undefined {
  const id = repositoryNames.find(([pattern]) => pattern.test(repository))?.[1];
  return id === 'postgres' && bitnamiTag.test(tag) ? 'bitnami' : id;
}

/** By repository name, whatever the registry; `unknown` where that tells nothing. */
export function familyOf(reference: ImageReference | undefined): ImageFamily {
  if (reference === undefined) return unknownFamily;
  const id = idOf(reference);
  if (id === undefined) return unknownFamily;
  const twin = /(^|[-.])alpine/.test(reference.tag ?? '') ? alpineTwins[id] : undefined;
  const family = byId.get(twin ?? id) ?? unknownFamily;
  return isOwnBuild(id, reference) ? (ownBuilds.get(family.id) ?? family) : family;
}

/** Where everybody publishes under a name of their own: `ghcr.io/somebody/postgres` is no mirror, as `registry.corp/mirror/postgres` is. */
const publicRegistries: readonly (string | undefined)[] = [
  'docker.io',
  'ghcr.io',
  'quay.io',
  'registry.gitlab.com',
  undefined,
];

/** The stock image itself: docker-library, and the same for one architecture. */
const stockNames = /^((library|amd64|arm64v8|arm32v7|i386|ppc64le|s390x|riscv64)\/)?(postgres|postgresql)$/;

/** Somebody's image that has nothing but the last part of the stock image's name; what it starts with is not known. */
function isOwnBuild(id: FamilyId, { registry, repository }: ImageReference): boolean {
  return id === 'postgres' && publicRegistries.includes(registry) && !stockNames.test(repository);
}

const ownBuilds: ReadonlyMap<FamilyId, ImageFamily> = new Map(
  imageFamilies
    .filter(({ id }) => id === 'postgres' || id === 'postgres-alpine')
    .map((family) => [family.id, { ...family, startArguments: undefined, sh: undefined }]),
);

/**
 * Names that nobody but the makers of these families can publish under: docker-library, PostGIS, pgvector, Timescale. What such an image starts by
 * itself is known. Of the text as written, tag and all; the ValidatingAdmissionPolicy is written from it too.
 */
export const makersImage =
  /^((index[.])?docker[.]io\/)?((library\/)?postgres|postgis\/postgis|pgvector\/pgvector|timescale\/timescaledb(-ha)?)([:@]|$)/;
