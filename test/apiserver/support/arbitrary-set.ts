import fc from 'fast-check';
import type { JsonObject } from '../../../src/workload/json.ts';

/** StatefulSets that the apiserver takes, put together from what the core checks look at, in spellings that differ in what they mean. */
export function arbitrarySet(): fc.Arbitrary<JsonObject> {
  return fc
    .record({
      image: fc.constantFrom(
        'postgres:17.6',
        'postgres:18',
        'postgres',
        'registry.example:5000/library/postgres:16-alpine',
        'postgis/postgis:17-3.5',
        'pgvector/pgvector:0.8.1-pg17',
        'timescale/timescaledb-ha:pg17',
        'supabase/postgres:15.8.1.060',
        'bitnami/postgresql:17',
        'example/orders:1',
      ),
      args: fc.array(
        fc.constantFrom(
          ...['-c', 'fsync=off', 'fsync=on', 'fsync=of', 'fsync = off', '-cfsync=0', '--fsync=No', '--FSYNC=off', '-F'],
          ...['postgres', 'max_connections=9', '-D', '/srv', '-c', '-EF', '$(MORE)', '--', 'password=$(P)'],
        ),
        { maxLength: 5 },
      ),
      command: fc.constantFrom(
        undefined,
        undefined,
        undefined,
        ['postgres'],
        ['sh', '-c', 'exec postgres -c fsync=off'],
      ),
      pgdata: fc.constantFrom(
        undefined,
        ...[
          '/var/lib/postgresql/data',
          '/var/lib/postgresql/data/pgdata',
          '/var/lib/postgresql/data2',
          '/srv/',
          '/srv/../x',
        ],
      ),
      mounts: fc.uniqueArray(
        fc.record({
          name: fc.constantFrom('data', 'scratch', 'node', 'shared', 'settings'),
          mountPath: fc.constantFrom(
            ...[
              '/var/lib/postgresql/data',
              '/var/lib/postgresql',
              '/var/lib/postgresql/',
              '/srv',
              '/',
              '/var/lib/postgresql/data/pgdata',
            ],
          ),
        }),
        { selector: ({ mountPath }) => mountPath, maxLength: 3 },
      ),
      shadowed: fc.boolean(),
      replicas: fc.constantFrom(undefined, 0, 1, 1, 2, 3),
      password: rarely(
        ...[
          'hunter2',
          '$(OTHER)',
          '$(A)$(B)',
          'x$(A)',
          'postgres://u:$(P)@h',
          'postgres://u:p@h',
          'postgres://u:p',
          'password = $P',
        ],
      ).map((text) => text ?? ''),
      variable: fc.constantFrom(
        'POSTGRES_PASSWORD',
        'POSTGRES_PASSWORD_FILE',
        'ALLOW_EMPTY_PASSWORD',
        'APP_TOKEN',
        'DSN',
      ),
      second: fc.constantFrom(undefined, 'prometheuscommunity/postgres-exporter', 'postgres:17.6', 'example/proxy:1'),
      annotations: fc.dictionary(
        fc.constantFrom(
          ...['role', 'replication-secret', 'data-directory', 'parameters', 'container', 'version'].map(
            (name) => `postgres.io/${name}`,
          ),
        ),
        fc.constantFrom(
          'primary',
          'postgres',
          '/srv',
          'fsync=off',
          "fsync='off'",
          'max_connections=9, fsync = off',
          '17',
        ),
        { maxKeys: 2 },
      ),
      // The apiserver tells the first refusal only, so what is always seen is rare.
      whenDeleted: rarely('Retain', 'Delete'),
    })
    .map(toSet);
}

function rarely(...values: readonly string[]): fc.Arbitrary<string | undefined> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
}

interface Parts {
  readonly image: string;
  readonly args: readonly string[];
  readonly command: readonly string[] | undefined;
  readonly pgdata: string | undefined;
  readonly mounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly shadowed: boolean;
  readonly replicas: number | undefined;
  readonly password: string;
  readonly variable: string;
  readonly second: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly whenDeleted: string | undefined;
}

function toSet(parts: Parts): JsonObject {
  const { image, args, command, pgdata, mounts, replicas, second, annotations, whenDeleted } = parts;
  const env = [
    { name: parts.variable, value: parts.password },
    ...(pgdata === undefined ? [] : [{ name: 'PGDATA', value: pgdata }]),
  ];
  const volumes = [
    { name: 'scratch', emptyDir: {} },
    { name: 'node', hostPath: { path: '/srv' } },
    { name: 'shared', persistentVolumeClaim: { claimName: 'orders' } },
    { name: 'settings', configMap: { name: 'orders' } },
    ...(parts.shadowed ? [{ name: 'data', emptyDir: {} }] : []),
  ];
  const set = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'orders', labels: { 'postgres.io/managed': 'true' }, annotations },
    spec: {
      replicas,
      serviceName: 'orders',
      selector: { matchLabels: { app: 'orders' } },
      ...(whenDeleted === undefined ? {} : { persistentVolumeClaimRetentionPolicy: { whenDeleted } }),
      template: {
        metadata: { labels: { app: 'orders' } },
        spec: {
          containers: [
            { name: 'postgres', image, args, command, env, volumeMounts: mounts },
            ...(second === undefined ? [] : [{ name: 'second', image: second }]),
          ],
          volumes,
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
        },
      ],
    },
  };
  // JSON knows no undefined.
  return JSON.parse(JSON.stringify(set)) as JsonObject;
}
