import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { readPostgresWorkload } from '../../src/workload/read-postgres-workload.ts';
import { readSettings } from '../../src/workload/read-settings.ts';

interface Given {
  readonly image?: string;
  readonly pgdata?: string;
  readonly args?: readonly string[];
  readonly mounts?: Readonly<Record<string, string>>;
  readonly subPath?: string;
  readonly volumes?: readonly JsonObject[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** [path, who says so, name of the mount, at its root, shadowed] */
function dataOf(given: Given) {
  const container: JsonObject = {
    name: 'postgres',
    image: given.image ?? 'postgres:17.6',
    env: given.pgdata === undefined ? [] : [{ name: 'PGDATA', value: given.pgdata }],
    args: given.args ?? [],
    volumeMounts: Object.entries(given.mounts ?? {}).map(([name, mountPath]) => ({
      name,
      mountPath,
      ...(given.subPath === undefined ? {} : { subPath: given.subPath }),
    })),
  };
  const object = { spec: { template: { spec: { containers: [container], volumes: given.volumes ?? [] } } } };
  const settings = readSettings({ statefulset: given.annotations ?? {} });
  const data = readPostgresWorkload(object, settings, 'shop').server?.data;
  return [data?.path, data?.from, data?.mount?.name, data?.atMountRoot, data?.shadowedByImageVolume];
}

const standard = '/var/lib/postgresql/data';

describe('who says where the data is', () => {
  test.each<readonly [string, Given, string, string]>([
    ['the image', {}, standard, 'image-family'],
    ['the image, from 18 on elsewhere', { image: 'postgres:18.1' }, '/var/lib/postgresql/18/docker', 'image-family'],
    ['another image', { image: 'timescale/timescaledb-ha:pg17' }, '/home/postgres/pgdata/data', 'image-family'],
    ['PGDATA', { pgdata: '/data/pg/../pgdata/' }, '/data/pgdata', 'PGDATA'],
    ['no empty PGDATA', { pgdata: '' }, standard, 'image-family'],
    ['-D', { pgdata: '/a', args: ['-D', '/b/'] }, '/b', 'arguments'],
    ['-D in one word', { args: ['postgres', '-D/b'] }, '/b', 'arguments'],
    ['data_directory', { args: ['-D', '/b', '-c', 'data_directory=/c'] }, '/c', 'arguments'],
    ['no -D that holds the configuration', { pgdata: '/a', args: ['-D', '/etc/postgresql'] }, '/a', 'PGDATA'],
    [
      'data_directory beside a configuration of its own',
      { image: 'supabase/postgres:15.8.1.060', args: ['postgres', '-D', '/etc/postgresql', '--data-directory=/c'] },
      '/c',
      'arguments',
    ],
    [
      'no -D that points into a ConfigMap',
      { args: ['-D', '/conf'], mounts: { conf: '/conf' }, volumes: [{ name: 'conf', configMap: { name: 'x' } }] },
      standard,
      'image-family',
    ],
    [
      'the annotation',
      { pgdata: '/a', args: ['-D', '/b'], annotations: { 'postgres.io/data-directory': '/c/d' } },
      '/c/d',
      'data-directory-annotation',
    ],
    [
      'the version annotation by way of the image',
      { image: 'postgres', annotations: { 'postgres.io/version': '18' } },
      '/var/lib/postgresql/18/docker',
      'image-family',
    ],
  ])('%s', (_, given, path, from) => {
    expect(dataOf(given).slice(0, 2)).toEqual([path, from]);
  });
});

describe('which mount covers it', () => {
  test.each<readonly [string, Given, string | undefined, boolean]>([
    ['the one at its place', { mounts: { data: standard } }, 'data', true],
    ['the one at its place, with a slash', { mounts: { data: `${standard}/` } }, 'data', true],
    ['the one at its place, with a sub-path', { mounts: { data: standard }, subPath: 'pg' }, 'data', true],
    ['the one above', { pgdata: `${standard}/pgdata`, mounts: { data: standard } }, 'data', false],
    ['the longest', { mounts: { top: '/var', data: '/var/lib/postgresql/data', lib: '/var/lib' } }, 'data', true],
    ['none beside', { pgdata: '/data2/pgdata', mounts: { data: '/data' } }, undefined, false],
    ['none below', { mounts: { wal: `${standard}/pg_wal` } }, undefined, false],
    ['one at the root', { mounts: { all: '/' } }, 'all', false],
    ['none', {}, undefined, false],
  ])('%s', (_, given, name, atMountRoot) => {
    expect(dataOf(given).slice(2, 4)).toEqual([name, atMountRoot]);
  });
});

describe("the image's own volume shadows a mount", () => {
  test.each<readonly [string, Given, boolean]>([
    ['above it', { mounts: { data: '/var/lib/postgresql' } }, true],
    ['far above it', { mounts: { data: '/var/lib' } }, true],
    [
      'above it, also for what lies deeper',
      { pgdata: `${standard}/pgdata`, mounts: { data: '/var/lib/postgresql' } },
      true,
    ],
    ['not at its place', { mounts: { data: standard } }, false],
    ['not below it', { pgdata: `${standard}/pgdata/x`, mounts: { data: `${standard}/pgdata` } }, false],
    [
      'not where PGDATA is elsewhere',
      { pgdata: '/var/lib/postgresql/pgdata', mounts: { data: '/var/lib/postgresql' } },
      false,
    ],
    ['not from 18 on, where it is the mount', { image: 'postgres:18', mounts: { data: '/var/lib/postgresql' } }, false],
    ['above that of 18', { image: 'postgres:18', mounts: { data: '/var/lib' } }, true],
    ['not where there is none', { image: 'timescale/timescaledb-ha:pg17', mounts: { data: '/home/postgres' } }, false],
  ])('%s', (_, given, shadowed) => {
    expect(dataOf(given)[4]).toBe(shadowed);
  });
});
