import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { objectsAt } from '../../src/workload/json.ts';
import { initContainer, plan } from './support/rendered.ts';

const secret: JsonObject = { secretKeyRef: { name: 's', key: 'k' } };
const own = ['PGUSHER_CONTRACT', 'PGUSHER_POD', 'PGUSHER_POD_UID', 'HOME', 'TMPDIR'];

interface Login {
  readonly env: readonly JsonObject[];
  readonly envFrom: unknown;
}

function login(container: JsonObject, pod: JsonObject = {}): Login {
  const agent = initContainer(plan({ container, pod }), 'pgusher-backup');
  expect(initContainer(plan({ container, pod }), 'pgusher-restore')['env']).toEqual(agent['env']);
  return {
    env: objectsAt(agent, 'env').filter(({ name }) => typeof name === 'string' && !own.includes(name)),
    envFrom: agent['envFrom'],
  };
}

test('user and password are taken over by reference', () => {
  expect(
    login({
      env: [
        { name: 'POSTGRES_USER', valueFrom: { configMapKeyRef: { name: 'c', key: 'u' } } },
        { name: 'POSTGRES_PASSWORD', valueFrom: secret },
      ],
      envFrom: [{ configMapRef: { name: 'everything' } }],
    }),
  ).toEqual({
    env: [
      { name: 'PGUSHER_USER', valueFrom: { configMapKeyRef: { name: 'c', key: 'u' } } },
      { name: 'PGUSHER_PASSWORD', valueFrom: secret },
    ],
    envFrom: undefined,
  });
});

test('a literal user is no secret, a literal password is not spread', () => {
  const result = login({
    env: [
      { name: 'POSTGRES_USER', value: 'admin' },
      { name: 'POSTGRES_PASSWORD', value: 'hunter2' },
    ],
  });
  expect(result).toEqual({ env: [{ name: 'PGUSHER_USER', value: 'admin' }], envFrom: undefined });
});

test('of two entries the later one counts, as for the kubelet', () => {
  const env = [
    { name: 'POSTGRES_USER', value: 'first' },
    { name: 'POSTGRES_USER', value: 'second' },
  ];
  expect(login({ env }).env).toEqual([{ name: 'PGUSHER_USER', value: 'second' }]);
});

test('what a user is made of comes along', () => {
  const env = [
    { name: 'TENANT', value: 'shop' },
    { name: 'POSTGRES_USER', value: '$(TENANT)-admin' },
  ];
  expect(login({ env }).env).toEqual([
    { name: 'TENANT', value: 'shop' },
    { name: 'PGUSHER_USER', value: '$(TENANT)-admin' },
  ]);
});

test('an empty user is written as the apiserver stores it', () => {
  expect(login({ env: [{ name: 'POSTGRES_USER', value: '' }] }).env).toEqual([{ name: 'PGUSHER_USER' }]);
});

test('envFrom is taken over where it may hold what env lacks', () => {
  const envFrom = [
    { secretRef: { name: 'wiki-db' } },
    { prefix: 'X_', configMapRef: { name: 'wiki', optional: true } },
  ];
  expect(login({ env: [{ name: 'POSTGRES_PASSWORD', valueFrom: secret }], envFrom })).toEqual({
    env: [{ name: 'PGUSHER_PASSWORD', valueFrom: secret }],
    envFrom,
  });
});

test('a password file comes with the mount that holds it, read-only', () => {
  const container = {
    env: [{ name: 'POSTGRES_PASSWORD_FILE', value: '/run/secrets/db/password' }],
    volumeMounts: [
      { name: 'data', mountPath: '/var/lib/postgresql/data' },
      { name: 'run', mountPath: '/run' },
      { name: 'password', mountPath: '/run/secrets/db/' },
    ],
  };
  const pod = {
    volumes: [
      { name: 'run', emptyDir: {} },
      { name: 'password', secret: { secretName: 'x' } },
    ],
  };
  expect(login(container, pod).env).toEqual([{ name: 'PGUSHER_PASSWORD_FILE', value: '/run/secrets/db/password' }]);
  const mounts = objectsAt(initContainer(plan({ container, pod }), 'pgusher-backup'), 'volumeMounts');
  expect(mounts.filter(({ name }) => name === 'password' || name === 'run')).toEqual([
    { name: 'password', mountPath: '/run/secrets/db', readOnly: true },
  ]);
});

test('a password file on the data volume needs no second mount', () => {
  const container = {
    env: [{ name: 'POSTGRES_PASSWORD_FILE', value: '/var/lib/postgresql/data/pw' }],
    volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data/' }],
  };
  const mounts = objectsAt(initContainer(plan({ container }), 'pgusher-backup'), 'volumeMounts');
  expect(mounts.filter(({ name }) => name === 'data')).toEqual([
    { name: 'data', mountPath: '/var/lib/postgresql/data' },
  ]);
});

test('a password that is another variable comes with that variable, and its Secret', () => {
  const env = [
    { name: 'PW', valueFrom: secret },
    { name: 'POSTGRES_PASSWORD', value: '$(PW)' },
  ];
  expect(login({ env })).toEqual({
    env: [
      { name: 'PW', valueFrom: secret },
      { name: 'PGUSHER_PASSWORD', value: '$(PW)' },
    ],
    envFrom: undefined,
  });
});

test('a password that is a variable of envFrom comes with envFrom', () => {
  const env = [
    { name: 'POSTGRES_USER', value: 'admin' },
    { name: 'POSTGRES_PASSWORD', value: '$(PW)' },
  ];
  const envFrom = [{ secretRef: { name: 'wiki-db' } }];
  expect(login({ env, envFrom })).toEqual({
    env: [
      { name: 'PGUSHER_USER', value: 'admin' },
      { name: 'PGUSHER_PASSWORD', value: '$(PW)' },
    ],
    envFrom,
  });
});

test.each([
  ['a literal that another variable holds', [{ name: 'PW', value: 'hunter2' }], '$(PW)'],
  ['a literal beside a reference', [{ name: 'PW', valueFrom: secret }], 'hunter2-$(PW)'],
  ['an escaped reference', [{ name: 'PW', valueFrom: secret }], '$$(PW)'],
])('%s is not spread as a password', (_name, before, value) => {
  const env = [...before, { name: 'POSTGRES_USER', value: 'admin' }, { name: 'POSTGRES_PASSWORD', value }];
  expect(login({ env }).env).toEqual([{ name: 'PGUSHER_USER', value: 'admin' }]);
});
