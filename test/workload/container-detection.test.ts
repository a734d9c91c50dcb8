import { expect, test } from 'vitest';
import { detectServer } from '../../src/workload/container-detection.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { readSettings } from '../../src/workload/read-settings.ts';

function detect(containers: readonly JsonObject[], annotation?: string) {
  const statefulset: Record<string, string> = annotation === undefined ? {} : { 'postgres.io/container': annotation };
  return detectServer({ containers }, readSettings({ statefulset }));
}

const port = { ports: [{ containerPort: 5432 }] };
const password = { env: [{ name: 'POSTGRES_PASSWORD', value: 'x' }] };
const dataMount = { volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }] };
const postgres = { name: 'postgres', image: 'postgres:17.6-bookworm' };
const exporter = {
  name: 'exporter',
  image: 'quay.io/prometheuscommunity/postgres-exporter:v0.17.1',
  env: [{ name: 'POSTGRES_USER', value: 'x' }],
};

test('a container alone with a known image', () => {
  expect(detect([{ ...postgres, ...port, ...password, ...dataMount }])).toEqual({
    kind: 'found',
    container: 'postgres',
    because: ['only-container', 'image-family', 'port-5432', 'postgres-environment', 'data-mount'],
  });
});

test('tools around it do not count, whatever they have', () => {
  for (const image of [
    exporter.image,
    'edoburu/pgbouncer',
    'bitnami/pgbouncer:1.23',
    'dpage/pgadmin4',
    'prodrigestivill/postgres-backup-local:17',
    'bitnami/postgres-exporter',
    'ghcr.io/wal-g/wal-g',
    'pgbackrest/pgbackrest',
  ]) {
    const tool = { name: 'tool', image, ...port, ...password, ...dataMount };
    expect(detect([tool, postgres])).toEqual({ kind: 'found', container: 'postgres', because: ['image-family'] });
    expect(detect([tool])).toEqual({ kind: 'none', containers: ['tool'] });
  }
});

test('two servers are ambiguous', () => {
  expect(
    detect([
      { ...postgres, ...dataMount },
      { ...postgres, name: 'other', ...port },
    ]),
  ).toEqual({
    kind: 'ambiguous',
    candidates: ['postgres', 'other'],
  });
  expect(detect([postgres, { name: 'gis', image: 'postgis/postgis:17-3.5' }])).toEqual({
    kind: 'ambiguous',
    candidates: ['postgres', 'gis'],
  });
});

test('of two of one image, the one that serves or keeps data', () => {
  const dumper = { ...postgres, name: 'dumper', command: ['sh', '-c', 'while true; do pg_dumpall; done'], ...password };
  expect(detect([dumper, { ...postgres, ...dataMount }])).toEqual({
    kind: 'found',
    container: 'postgres',
    because: ['image-family', 'data-mount'],
  });
});

test('an image of an unknown name is found by two other signs', () => {
  const ours = { name: 'db', image: 'registry.corp/our-db:3', ...password, ...dataMount };
  const sidecar = { name: 'sidecar', image: 'registry.corp/sidecar', ...password };
  expect(detect([ours, sidecar])).toEqual({
    kind: 'found',
    container: 'db',
    because: ['postgres-environment', 'data-mount'],
  });
  expect(detect([sidecar, { name: 'web', image: 'nginx' }])).toEqual({ kind: 'none', containers: ['sidecar', 'web'] });
  expect(detect([ours, { ...ours, name: 'db2' }])).toEqual({ kind: 'ambiguous', candidates: ['db', 'db2'] });
});

test('an unknown image alone is the one', () => {
  expect(detect([{ name: 'db', image: 'registry.corp/our-db:3' }])).toEqual({
    kind: 'found',
    container: 'db',
    because: ['only-container'],
  });
});

test('PGDATA at an unusual place makes the mount over it a sign', () => {
  const ours = { name: 'db', image: 'x', env: [{ name: 'PGDATA', value: '/srv/pg/data' }] };
  const mounted = { ...ours, volumeMounts: [{ name: 'data', mountPath: '/srv/pg/' }] };
  expect(detect([mounted, { name: 'web', image: 'nginx' }])).toMatchObject({
    because: ['postgres-environment', 'data-mount'],
  });
  const elsewhere = { ...ours, volumeMounts: [{ name: 'data', mountPath: '/srv/pgadmin' }] };
  expect(detect([elsewhere, { name: 'web', image: 'nginx' }])).toMatchObject({ kind: 'none' });
});

test('an empty PGDATA makes no mount a sign', () => {
  const web = { name: 'web', image: 'nginx', env: [{ name: 'PGDATA', value: '' }] };
  const mounted = { ...web, volumeMounts: [{ name: 'html', mountPath: '/usr/share/nginx' }] };
  expect(detect([mounted, { name: 'db', image: 'corp/db' }])).toEqual({ kind: 'none', containers: ['web', 'db'] });
});

test('the annotation wins', () => {
  expect(detect([postgres, exporter], 'exporter')).toEqual({
    kind: 'found',
    container: 'exporter',
    because: ['annotation'],
  });
  expect(detect([postgres, exporter], 'db')).toEqual({
    kind: 'named-but-absent',
    wanted: 'db',
    containers: ['postgres', 'exporter'],
  });
});

test('a pod without containers has none', () => {
  expect(detect([])).toEqual({ kind: 'none', containers: [] });
});
