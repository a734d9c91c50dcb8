import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { contract, initContainer, plan, reason, rendered, variable } from './support/rendered.ts';
import type { Manifest } from './support/workload.ts';

const root = '/var/lib/postgresql/data';

function pgdata(value: string): Manifest {
  return { container: { env: [{ name: 'PGDATA', value }] } };
}

interface Case {
  readonly why: string;
  readonly manifest: Manifest;
  readonly operation: 'CREATE' | 'UPDATE';
  readonly path: string;
  readonly env: readonly JsonObject[];
  readonly replacedEnv: readonly object[];
  readonly reason: string;
}

const cases: readonly Case[] = [
  {
    why: 'nobody says it and the default is the root of the mount',
    manifest: {},
    operation: 'CREATE',
    path: `${root}/pgdata`,
    env: [{ name: 'PGDATA', value: `${root}/pgdata` }],
    replacedEnv: [],
    reason: `injected: PGDATA=${root}/pgdata, below the root of the volume, where ${root} would have been`,
  },
  {
    why: 'the user says the root of the mount',
    manifest: pgdata(`${root}/`),
    operation: 'CREATE',
    path: `${root}/pgdata`,
    env: [],
    replacedEnv: [{ name: 'PGDATA', value: `${root}/pgdata`, was: `${root}/` }],
    reason: `injected: PGDATA is ${root}/pgdata instead of ${root}/: the root of a volume is no place for a database`,
  },
  {
    why: 'the user says a folder below it',
    manifest: pgdata(`${root}/mine`),
    operation: 'CREATE',
    path: `${root}/mine`,
    env: [],
    replacedEnv: [],
    reason: `skipped: PGDATA is ${root}/mine already`,
  },
  {
    why: 'the default of 18 is below the mount',
    manifest: {
      container: {
        image: 'postgres:18.0',
        volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }],
      },
    },
    operation: 'CREATE',
    path: '/var/lib/postgresql/18/docker',
    env: [{ name: 'PGDATA', value: '/var/lib/postgresql/18/docker' }],
    replacedEnv: [],
    reason:
      'injected: PGDATA=/var/lib/postgresql/18/docker is written down, so that server, agent and initialisation agree on it',
  },
  {
    why: 'the annotation says the root, where a database lies already',
    manifest: { settings: { 'data-directory': root } },
    operation: 'CREATE',
    path: root,
    env: [{ name: 'PGDATA', value: root }],
    replacedEnv: [],
    reason: `injected: PGDATA=${root} is written down, so that server, agent and initialisation agree on it`,
  },
  {
    why: 'the annotation says another place than PGDATA',
    manifest: { ...pgdata(root), settings: { 'data-directory': `${root}/old` } },
    operation: 'UPDATE',
    path: `${root}/old`,
    env: [],
    replacedEnv: [{ name: 'PGDATA', value: `${root}/old`, was: root }],
    reason: `injected: PGDATA is ${root}/old instead of ${root}: the root of a volume is no place for a database`,
  },
  {
    why: 'a set that runs already is adopted',
    manifest: {},
    operation: 'UPDATE',
    path: root,
    env: [{ name: 'PGDATA', value: root }],
    replacedEnv: [],
    reason: `injected: PGDATA=${root} is written down, so that server, agent and initialisation agree on it`,
  },
  {
    why: 'a set that runs already says the root itself',
    manifest: pgdata(root),
    operation: 'UPDATE',
    path: root,
    env: [],
    replacedEnv: [],
    reason: `skipped: PGDATA is ${root} already`,
  },
  {
    why: 'PGDATA is made of another variable',
    manifest: {
      container: {
        env: [
          { name: 'WHERE', value: 'main' },
          { name: 'PGDATA', value: `${root}/$(WHERE)` },
        ],
      },
    },
    operation: 'CREATE',
    path: `${root}/main`,
    env: [],
    replacedEnv: [],
    reason: `skipped: PGDATA is ${root}/main already`,
  },
  {
    why: 'PGDATA comes from a ConfigMap',
    manifest: {
      container: { env: [{ name: 'PGDATA', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] },
    },
    operation: 'CREATE',
    path: root,
    env: [],
    replacedEnv: [],
    reason: `skipped: PGDATA is ${root} already`,
  },
  {
    why: 'an argument says the root of the mount',
    manifest: { ...pgdata('/elsewhere'), ...{ container: { ...pgdata('/elsewhere').container, args: ['-D', root] } } },
    operation: 'CREATE',
    path: root,
    env: [],
    replacedEnv: [],
    reason: `skipped: PGDATA is ${root} already`,
  },
];

test.each(cases)('$operation where $why', ({ manifest, operation, path, env, replacedEnv, reason: text }) => {
  const result = rendered(manifest, operation);
  expect(contract(result.plan).dataDirectory).toBe(path);
  expect(result.plan.server?.env).toEqual(env);
  expect(result.plan.server?.replacedEnv).toEqual(replacedEnv);
  expect(reason(result, 'data-directory')).toBe(text);
});

test('a PGDATA that was added stays where it is when something else changes', () => {
  const before = plan();
  const after = plan({ settings: { 'backup-keep': '9' } }, 'UPDATE', before);
  expect(after.server?.env).toEqual([{ name: 'PGDATA', value: `${root}/pgdata` }]);
  expect(contract(after).dataDirectory).toBe(`${root}/pgdata`);
});

test('an adopted database at the root is not moved when its set is created again from what was stored', () => {
  const adopted = plan({}, 'UPDATE');
  expect(adopted.server?.env).toEqual([{ name: 'PGDATA', value: root }]);
  const again = plan({}, 'CREATE', adopted);
  expect(again.server?.env).toEqual([{ name: 'PGDATA', value: root }]);
  expect(contract(again).dataDirectory).toBe(root);
});

test('a PGDATA that was moved stays moved as long as the user writes the same', () => {
  const before = plan(pgdata(root));
  const after = plan({ ...pgdata(root), settings: { 'backup-keep': '9' } }, 'UPDATE', before);
  expect(after.server?.replacedEnv).toEqual([{ name: 'PGDATA', value: `${root}/pgdata`, was: root }]);
  expect(contract(after).dataDirectory).toBe(`${root}/pgdata`);
});

test('a PGDATA that the user writes himself now takes the place of ours', () => {
  const after = plan(pgdata(`${root}/pgdata`), 'UPDATE', plan());
  expect(after.server?.env).toEqual([]);
  expect(after.server?.replacedEnv).toEqual([]);
  expect(contract(after).dataDirectory).toBe(`${root}/pgdata`);
});

test('the annotation brings a database at the root back after it was moved away from there', () => {
  const after = plan({ ...pgdata(root), settings: { 'data-directory': root } }, 'UPDATE', plan(pgdata(root)));
  expect(after.server?.replacedEnv).toEqual([]);
  expect(contract(after).dataDirectory).toBe(root);
});

test('initialisation and server have the same PGDATA', () => {
  expect(variable(initContainer(plan(), 'pgusher-initdb'), 'PGDATA')).toBe(`${root}/pgdata`);
  expect(variable(initContainer(plan(pgdata(root)), 'pgusher-initdb'), 'PGDATA')).toBe(`${root}/pgdata`);
});
