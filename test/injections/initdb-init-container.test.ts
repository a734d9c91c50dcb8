import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { objectsAt } from '../../src/workload/json.ts';
import { initContainer, plan, reason, rendered } from './support/rendered.ts';
import type { Manifest } from './support/workload.ts';
import { yaml } from './support/yaml.ts';

function initdb(manifest: Manifest = {}): JsonObject {
  return initContainer(plan(manifest), 'pgusher-initdb');
}

test("the server's image initialises, as the server would run it", () => {
  const { securityContext, resources, ...rest } = initdb({
    container: { imagePullPolicy: 'Never', workingDir: '/srv', envFrom: [{ secretRef: { name: 'more' } }] },
  });
  expect(securityContext).toBeDefined();
  expect(resources).toBeDefined();
  expect(rest).toEqual(yaml`
    name: pgusher-initdb
    image: postgres:17.6-bookworm
    imagePullPolicy: Never
    command: [sh, /pgusher/bin/initdb.sh]
    args: [postgres, -c, max_slot_wal_keep_size=2560MB, -c, huge_pages=off]
    env:
      - name: POSTGRES_PASSWORD
        valueFrom: { secretKeyRef: { name: orders-db, key: password } }
      - { name: PGDATA, value: /var/lib/postgresql/data/pgdata }
    envFrom: [{ secretRef: { name: more } }]
    workingDir: /srv
    volumeMounts:
      - { name: data, mountPath: /var/lib/postgresql/data }
      - { name: pgusher-shm, mountPath: /dev/shm }
      - { name: pgusher, mountPath: /pgusher }
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: FallbackToLogsOnError
  `);
});

test('what the image may write at its first start, ours may; where the server’s root is read-only, there are the folders that it needs', () => {
  expect(initdb()['securityContext']).toMatchObject({ readOnlyRootFilesystem: false });
  const container = initdb({ container: { securityContext: { readOnlyRootFilesystem: true } } });
  expect(container['securityContext']).toMatchObject({ readOnlyRootFilesystem: true });
  expect(objectsAt(container, 'env').at(-1)).toEqual({ name: 'HOME', value: '/tmp' });
  expect(objectsAt(container, 'volumeMounts').slice(-2)).toEqual([
    { name: 'pgusher', mountPath: '/tmp', subPath: 'initdb-tmp' },
    { name: 'pgusher', mountPath: '/var/run/postgresql', subPath: 'initdb-run' },
  ]);
});

test('with a replication secret initdb.sh makes the role, and the image’s folder of scripts is the user’s alone', () => {
  const result = rendered({ settings: { 'replication-secret': 'r' } });
  const container = initContainer(result.plan, 'pgusher-initdb');
  expect(objectsAt(container, 'volumeMounts').at(-1)).toEqual({
    name: 'pgusher-replication',
    mountPath: '/pgusher-replication',
    readOnly: true,
  });
  expect(objectsAt(container, 'env').at(-1)).toEqual({ name: 'PGUSHER_REPLICATION_NETWORK', value: 'samenet' });
  expect(reason(result, 'initdb-init-container')).toBe(
    'injected: pgusher-initdb initialises an empty volume with the image as it is and creates the replication role',
  );
});

const overInitScripts: Manifest = {
  container: {
    volumeMounts: [
      { name: 'data', mountPath: '/var/lib/postgresql/data' },
      { name: 'scripts', mountPath: '/docker-entrypoint-initdb.d/', readOnly: true },
    ],
  },
  pod: { volumes: [{ name: 'scripts', configMap: { name: 'scripts' } }] },
};

test.each([{}, { 'replication-secret': 'r' }])('a volume of the user over the scripts’ folder stays where it is', (settings) => {
  const container = initdb({ ...overInitScripts, settings });
  expect(objectsAt(container, 'volumeMounts').filter(({ name }) => name === 'scripts')).toEqual([
    { name: 'scripts', mountPath: '/docker-entrypoint-initdb.d/', readOnly: true },
  ]);
});

test('folders that the user made writable himself stay his, and his HOME too', () => {
  const volumeMounts = [
    { name: 'data', mountPath: '/var/lib/postgresql/data' },
    { name: 'scratch', mountPath: '/tmp' },
    { name: 'scratch', mountPath: '/run/postgresql', subPath: 'run' },
    { name: 'shm', mountPath: '/dev/shm' },
  ];
  const container = initdb({
    container: {
      volumeMounts,
      env: [{ name: 'HOME', value: '/somewhere' }],
      securityContext: { readOnlyRootFilesystem: true },
    },
    pod: {
      volumes: [
        { name: 'scratch', emptyDir: {} },
        { name: 'shm', emptyDir: { medium: 'Memory' } },
      ],
    },
  });
  expect(container['volumeMounts']).toEqual([...volumeMounts, { name: 'pgusher', mountPath: '/pgusher' }]);
  expect(objectsAt(container, 'env').map(({ name }) => name)).toEqual(['HOME', 'PGDATA']);
});

test('an image whose initialisation writes elsewhere keeps its root file system writable', () => {
  const container = initdb({
    container: {
      image: 'timescale/timescaledb-ha:pg17.6-ts2.22.1',
      volumeMounts: [{ name: 'data', mountPath: '/home/postgres/pgdata' }],
    },
  });
  expect(container['securityContext']).toMatchObject({ readOnlyRootFilesystem: false });
  expect(objectsAt(container, 'volumeMounts').map(({ mountPath }) => mountPath)).toEqual([
    '/home/postgres/pgdata',
    '/dev/shm',
    '/pgusher',
  ]);
});

const ours = ['-c', 'max_slot_wal_keep_size=2560MB', '-c', 'huge_pages=off'];
const starts: readonly (readonly [why: string, container: JsonObject, args: readonly string[]])[] = [
  ['switches alone', { args: ['-c', 'fsync=on'] }, ['-c', 'fsync=on', ...ours]],
  ['postgres and switches', { args: ['postgres', '-N', '50'] }, ['postgres', '-N', '50', ...ours]],
  [
    'the entrypoint named',
    { command: ['/usr/local/bin/docker-entrypoint.sh', 'postgres'], args: ['-F'] },
    ['postgres', '-F', ...ours],
  ],
  ['the server named', { command: ['postgres', '-p', '5433'] }, ['postgres', '-p', '5433', ...ours]],
  [
    'a shell, whose words are not ours to read',
    { command: ['sh', '-c', 'exec postgres'] },
    ['--command', 'sh', '-c', 'exec postgres'],
  ],
  ['a program that is not the server', { command: ['/start'], args: ['x'] }, ['--command', '/start', 'x']],
  ['a program behind the entrypoint', { args: ['/start', 'x'] }, ['--command', 'docker-entrypoint.sh', '/start', 'x']],
  [
    'an image with its configuration elsewhere',
    { image: 'supabase/postgres:15.8.1.060' },
    ['postgres', '-D', '/etc/postgresql', '-c', 'huge_pages=off'],
  ],
];

test.each(starts)('the image’s entrypoint gets the arguments that the server gets: %s', (_why, container, args) => {
  expect(initdb({ container })['args']).toEqual(args);
});
