import { expect, test } from 'vitest';
import { familyOf, imageFamilies } from '../../src/workload/image-family.ts';
import { parseImageReference } from '../../src/workload/image-reference.ts';

test.each([
  ['postgres:17.6-bookworm', 'postgres'],
  ['docker.io/library/postgres', 'postgres'],
  ['registry.corp:5000/mirror/library/postgres:17', 'postgres'],
  ['registry.corp/databases/postgresql:16.4', 'postgres'],
  ['public.ecr.aws/docker/library/postgres:17-alpine3.22', 'postgres-alpine'],
  ['postgres:alpine', 'postgres-alpine'],
  ['postgres:17.6-alpine', 'postgres-alpine'],
  ['postgis/postgis:17-3.5', 'postgis'],
  ['postgis/postgis:17-3.5-alpine', 'postgis-alpine'],
  ['ghcr.io/someone/postgis:17', 'postgis'],
  ['pgvector/pgvector:pg17', 'pgvector'],
  ['ankane/pgvector', 'pgvector'],
  ['timescale/timescaledb:2.17.2-pg17', 'timescaledb'],
  ['registry.corp/timescale/timescaledb-ha:pg17.2-ts2.17', 'timescaledb-ha'],
  ['supabase/postgres:15.8.1.060', 'supabase'],
  ['public.ecr.aws/supabase/postgres:15.8.1.060', 'supabase'],
  ['bitnami/postgresql:17.2.0-debian-12-r3', 'bitnami'],
  ['docker.io/bitnamilegacy/postgresql:16', 'bitnami'],
  ['registry.corp/hub/bitnami/postgresql:16', 'bitnami'],
  ['bitnami/postgresql-repmgr:16', 'bitnami'],
  ['ghcr.io/zalando/spilo-17:4.0-p3', 'spilo'],
  ['registry.developers.crunchydata.com/crunchydata/crunchy-postgres:ubi9-17.5-2520', 'crunchy'],
  ['crunchydata/crunchy-postgres-gis:ubi8-16.4-3.4-1', 'crunchy'],
  ['docker.io/bitnami/supabase-postgres:15.1.0-debian-11-r59', 'bitnami'],
  ['registry.corp/mirror/postgresql:17.2.0-debian-12-r3', 'bitnami'],
  ['registry.corp/mirror/postgresql:17.2-debian-12', 'postgres'],
  ['sorintlab/stolon:v0.17.0-pg14', 'stolon'],
  ['registry.corp/stolon-keeper:1', 'stolon'],
  ['citusdata/citus:13.0.1', 'citus'],
  ['registry.corp/citus', 'citus'],
  ['citusdata/pg_auto_failover:2.1', 'pg-auto-failover'],
  ['hapostgres/pg_auto_failover', 'pg-auto-failover'],
  ['registry.corp/patroni:4.1', 'patroni'],
  ['registry.corp/postgres-patroni:17', 'patroni'],
  ['ongres/patroni:v3.3', 'patroni'],
  ['postdock/postgres:1.11', 'repmgr'],
  ['registry.corp/repmgr:5', 'repmgr'],
  ['ghcr.io/cloudnative-pg/postgresql:17.6', 'cloudnative-pg'],
  ['ghcr.io/cloudnative-pg/postgis:17-3.5', 'cloudnative-pg'],
  ['registry.redhat.io/rhel9/postgresql-16:latest', 'sclorg'],
  ['quay.io/sclorg/postgresql-15-c9s', 'sclorg'],
  ['centos/postgresql-12-centos7', 'sclorg'],
  ['registry.redhat.io/rhscl/postgresql-10-rhel7', 'sclorg'],
  ['quay.io/fedora/postgresql-16', 'sclorg'],
  ['corp/postgresql-16', 'unknown'],
  ['bitnami/postgres-exporter:0.15', 'unknown'],
  ['bitnami/postgresql-exporter:0.15', 'unknown'],
  ['bitnami/pgpool:4', 'unknown'],
  ['corp/patronizing:1', 'unknown'],
  ['kartoza/postgis:17-3.5', 'unknown'],
  ['prometheuscommunity/postgres-exporter', 'unknown'],
  ['edoburu/pgbouncer', 'unknown'],
  ['nginx:1.27', 'unknown'],
])('%s is of the family %s', (text, id) => {
  expect(familyOf(parseImageReference(text)).id).toBe(id);
});

test('what is no image reference is of an unknown family', () => {
  expect(familyOf(undefined).id).toBe('unknown');
});

const facts = (id: string) => {
  const family = imageFamilies.find((candidate) => candidate.id === id);
  return [
    `${family?.uid}:${family?.gid}`,
    family?.dataDirectory(17),
    family?.dataDirectory(18),
    family?.volumes(18),
    family?.startsAsRoot,
    family?.stopSignal,
    family?.treatment,
  ];
};

test('the table says where each family keeps its data, as whom it runs and how it is stopped', () => {
  const data = '/var/lib/postgresql/data';
  const from18 = '/var/lib/postgresql/18/docker';
  const official = [data, from18, ['/var/lib/postgresql'], true, 'SIGINT', 'managed'];
  expect(facts('postgres')).toEqual(['999:999', ...official]);
  expect(facts('postgres-alpine')).toEqual(['70:70', ...official]);
  expect(facts('postgis-alpine')).toEqual(['70:70', ...official]);
  expect(facts('timescaledb')).toEqual(['70:70', ...official]);
  const ha = '/home/postgres/pgdata/data';
  expect(facts('timescaledb-ha')).toEqual(['1000:1000', ha, ha, [], false, 'SIGTERM', 'managed']);
  const bitnami = '/bitnami/postgresql/data';
  expect(facts('bitnami')).toEqual([
    '1001:1001',
    bitnami,
    bitnami,
    ['/bitnami/postgresql'],
    false,
    'SIGTERM',
    'left-alone',
  ]);
  expect(imageFamilies.filter(({ treatment }) => treatment === 'left-alone').map(({ id }) => id)).toEqual([
    'bitnami',
    'spilo',
    'crunchy',
    'patroni',
    'stolon',
    'citus',
    'repmgr',
    'pg-auto-failover',
    'cloudnative-pg',
    'sclorg',
  ]);
});

test('each family is in the table once', () => {
  const ids = imageFamilies.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
