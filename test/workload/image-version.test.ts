import { expect, test } from 'vitest';
import { familyOf } from '../../src/workload/image-family.ts';
import { parseImageReference } from '../../src/workload/image-reference.ts';
import { majorFromTag, readImageVersion } from '../../src/workload/image-version.ts';

const sha = `sha256:${'0123456789abcdef'.repeat(4)}`;

test.each([
  ['postgres:17.6-bookworm', 17, 6, 'bookworm', 'minor'],
  ['postgres:17.6', 17, 6, undefined, 'minor'],
  ['postgres:17', 17, undefined, undefined, 'major'],
  ['postgres:17-alpine3.22', 17, undefined, 'alpine3.22', 'major'],
  ['postgres:18rc1-trixie', 18, undefined, 'trixie', 'major'],
  ['postgres:9.6.24', 9, 6, undefined, 'minor'],
  ['postgres:v16.4', 16, 4, undefined, 'minor'],
  ['postgres:latest', undefined, undefined, undefined, 'nothing'],
  ['postgres', undefined, undefined, undefined, 'nothing'],
  ['postgres:bookworm', undefined, undefined, 'bookworm', 'nothing'],
  ['postgres:alpine', undefined, undefined, 'alpine', 'nothing'],
  ['postgres:20260101', undefined, undefined, undefined, 'nothing'],
  [`postgres:17.6@${sha}`, 17, 6, undefined, 'digest'],
  [`postgres@${sha}`, undefined, undefined, undefined, 'digest'],
  ['postgis/postgis:17-3.5', 17, undefined, undefined, 'major'],
  ['postgis/postgis:17-3.5-alpine', 17, undefined, 'alpine', 'major'],
  ['postgis/postgis:17-master', 17, undefined, undefined, 'major'],
  ['pgvector/pgvector:pg17', 17, undefined, undefined, 'major'],
  ['pgvector/pgvector:0.8.0-pg17', 17, undefined, undefined, 'major'],
  ['pgvector/pgvector:0.8.0-pg17-trixie', 17, undefined, 'trixie', 'major'],
  ['pgvector/pgvector:0.8.0', undefined, undefined, undefined, 'nothing'],
  ['timescale/timescaledb:2.17.2-pg17', 17, undefined, 'alpine', 'major'],
  ['timescale/timescaledb:latest-pg16', 16, undefined, 'alpine', 'major'],
  ['timescale/timescaledb-ha:pg17.2-ts2.17', 17, 2, undefined, 'minor'],
  ['timescale/timescaledb-ha:pg17-all', 17, undefined, undefined, 'major'],
  ['supabase/postgres:15.8.1.060', 15, 8, undefined, 'minor'],
  ['bitnami/postgresql:17.2.0-debian-12-r3', 17, 2, undefined, 'minor'],
  ['ghcr.io/zalando/spilo-17:4.0-p3', 17, undefined, undefined, 'major'],
  ['crunchydata/crunchy-postgres:ubi9-17.5-2520', 17, 5, undefined, 'minor'],
  ['registry.example/team/postgres:2.3.1', undefined, undefined, undefined, 'nothing'],
  ['registry.example/team/postgres:14.2.1', undefined, undefined, undefined, 'nothing'],
  ['registry.example/team/postgres:24.04', undefined, undefined, undefined, 'nothing'],
  ['registry.example/team/postgres:24.4', undefined, undefined, undefined, 'nothing'],
  ['registry.example/team/postgres:8', undefined, undefined, undefined, 'nothing'],
  ['registry.example/team/postgres:1.17', undefined, undefined, undefined, 'nothing'],
  ['registry.example/team/postgres:1.4-pg17', 17, undefined, undefined, 'major'],
  ['registry.example/team/postgres:17-20260101', 17, undefined, undefined, 'major'],
  ['registry.example/team/postgres:17.6-4', 17, 6, undefined, 'minor'],
  ['postgres:9.6', 9, 6, undefined, 'minor'],
  ['postgres:9', undefined, undefined, undefined, 'nothing'],
  ['postgres:19beta1', 19, undefined, undefined, 'major'],
  ['postgis/postgis:17-3.5.3-bookworm', 17, undefined, 'bookworm', 'major'],
  ['sorintlab/stolon:v0.17.0-pg14', 14, undefined, undefined, 'major'],
  ['citusdata/citus:13.0.1', undefined, undefined, undefined, 'nothing'],
  ['ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie', 17, 6, 'trixie', 'minor'],
  ['quay.io/sclorg/postgresql-16-c9s:20240101', 16, undefined, undefined, 'major'],
  ['centos/postgresql-96-centos7', undefined, undefined, undefined, 'nothing'],
  ['pgvector/pgvector:0.8.0-pg24', undefined, undefined, undefined, 'nothing'],
  ['corp/our-db:17.6', undefined, undefined, undefined, 'nothing'],
  ['corp/our-db:3.1-pg17', 17, undefined, undefined, 'major'],
])('%s is PostgreSQL %s.%s on %s, pinned to %s', (text, major, minor, operatingSystem, pinnedTo) => {
  const reference = parseImageReference(text);
  const family = familyOf(reference);
  expect(readImageVersion(reference, family)).toEqual({ major, minor, operatingSystem, pinnedTo });
  expect(majorFromTag(reference, family)).toBe(major);
});

test('no reference tells nothing', () => {
  expect(majorFromTag(undefined, familyOf(undefined))).toBeUndefined();
});
