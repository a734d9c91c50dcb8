import { expect, test } from 'vitest';
import { contract, initContainer, plan, reason, rendered, variable, volume } from './support/rendered.ts';
import type { Manifest } from './support/workload.ts';
import { yaml } from './support/yaml.ts';

test('the sidecar of a stock manifest is exactly this, with every default written out', () => {
  const sidecar = initContainer(plan({ settings: { 'agent-image': 'agents/pgusher:1.2' } }), 'pgusher-backup');
  const { env, ...rest } = sidecar;
  expect(rest).toEqual(yaml`
    name: pgusher-backup
    image: agents/pgusher:1.2
    imagePullPolicy: IfNotPresent
    restartPolicy: Always
    args: [backup]
    ports: [{ name: pgusher, containerPort: 8432, protocol: TCP }]
    livenessProbe:
      exec: { command: [sh, -c, 'read -r now _ </proc/uptime && read -r until <"$0" && [ "\${now%.*}" -lt "$until" ]', /pgusher/alive] }
      failureThreshold: 6
      initialDelaySeconds: 30
      periodSeconds: 30
      successThreshold: 1
      timeoutSeconds: 10
    resources: { limits: { cpu: 500m, memory: 256Mi }, requests: { cpu: 100m, memory: 256Mi } }
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: { add: [CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID], drop: [ALL] }
      readOnlyRootFilesystem: true
      runAsNonRoot: false
      runAsUser: 0
      seccompProfile: { type: RuntimeDefault }
    volumeMounts:
      - { name: data, mountPath: /var/lib/postgresql/data }
      - { name: pgusher, mountPath: /pgusher }
      - { name: pgusher, mountPath: /pgusher/home, subPath: home }
      - { name: pgusher-backup, mountPath: /pgusher-backup }
      - { name: pgusher-settings, mountPath: /pgusher-settings, readOnly: true }
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: FallbackToLogsOnError
  `);
  expect(env).toEqual([
    { name: 'PGUSHER_CONTRACT', value: variable(sidecar, 'PGUSHER_CONTRACT') },
    { name: 'PGUSHER_POD', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    { name: 'PGUSHER_POD_UID', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.uid' } } },
    { name: 'HOME', value: '/pgusher/home' },
    { name: 'TMPDIR', value: '/pgusher/home' },
    { name: 'PGUSHER_PASSWORD', valueFrom: { secretKeyRef: { name: 'orders-db', key: 'password' } } },
  ]);
});

test('the restore container is the sidecar without what only a running container has', () => {
  const result = plan();
  const { restartPolicy, ports, livenessProbe, volumeMounts, ...sidecar } = initContainer(result, 'pgusher-backup');
  expect([restartPolicy, ports, livenessProbe]).not.toContain(undefined);
  const restore = initContainer(result, 'pgusher-restore');
  expect({ ...restore, volumeMounts }).toEqual({
    ...sidecar,
    name: 'pgusher-restore',
    args: ['restore'],
    volumeMounts,
  });
  expect(restore['volumeMounts']).toEqual([
    { name: 'data', mountPath: '/var/lib/postgresql/data' },
    { name: 'pgusher', mountPath: '/pgusher' },
    { name: 'pgusher', mountPath: '/pgusher/home', subPath: 'home' },
    { name: 'pgusher-backup', mountPath: '/pgusher-backup' },
    { name: 'pgusher-settings', mountPath: '/pgusher-settings', readOnly: true },
  ]);
});

test('no injected container can make the database unready', () => {
  for (const container of plan().initContainers) expect(container).not.toHaveProperty('readinessProbe');
});

test('the agent is told this of a stock manifest', () => {
  expect(contract(plan())).toEqual({
    version: 1,
    namespace: 'shop',
    set: 'orders',
    major: 17,
    dataDirectory: '/var/lib/postgresql/data/pgdata',
    dataMount: '/var/lib/postgresql/data',
    owner: { uid: 999, gid: 999 },
    serverPort: 5432,
    agentPort: 8432,
    bootstrap: 'auto',
    role: 'auto',
    primary: 'orders-0.orders.shop.svc:5432',
    service: 'orders.shop.svc',
    replication: null,
    store: { mount: '/pgusher-backup', prefix: 'shop/orders' },
    source: null,
    restore: { backup: 'latest', target: null, id: null },
    backup: {
      schedule: '39 3 * * *',
      timeZone: 'UTC',
      keep: 7,
      keepFor: null,
      compression: 'zstd',
      verify: true,
      synchronous: false,
      fixed: [],
    },
  });
  expect(contract(plan(), 'pgusher-restore')).toEqual(contract(plan()));
});

test('what a restored database and its commits are to be like reaches the agent', () => {
  const told = (settings: Readonly<Record<string, string>>): ReturnType<typeof contract> =>
    contract(plan({ settings: { 'replication-secret': 'r', ...settings } }));
  expect(told({ synchronous: '2' }).replication).toEqual({ network: 'all', synchronous: 2 });
  expect(told({ synchronous: '0' }).replication).toEqual({ network: 'all' });
  expect(told({ 'restore-passwords': 'keep' }).restore).toMatchObject({ passwords: 'keep' });
  expect(told({ 'restore-passwords-secret': 'orders-app' }).restore).toMatchObject({ passwords: 'secret' });
  expect(told({ 'restore-passwords': 'set' }).restore).toEqual({ backup: 'latest', target: null, id: null });
});

test('every setting reaches the agent', () => {
  const told = contract(
    plan({
      settings: {
        'agent-port': '9000',
        'backup-compression': 'none',
        'backup-keep': '3',
        'backup-keep-for': '14d',
        'backup-prefix': 'a/b',
        'backup-schedule': '5 4 * * 1',
        'backup-synchronous': 'on',
        'backup-time-zone': 'Europe/Berlin',
        'backup-verify': 'off',
        'replication-network': '10.0.0.0/8',
        'replication-secret': 'r',
        'restore-id': 'once',
        'restore-target-inclusive': 'off',
        'restore-target-lsn': '16/B374D848',
        bootstrap: 'restore',
        role: 'primary',
        version: '16',
      },
    }),
  );
  expect(told).toMatchObject({
    major: 16,
    agentPort: 9000,
    bootstrap: 'restore',
    role: 'primary',
    // Another pod may have been promoted.
    primary: 'orders-0.orders.shop.svc:5432',
    replication: { network: '10.0.0.0/8' },
    store: { mount: '/pgusher-backup', prefix: 'a/b' },
    restore: { backup: 'latest', target: { kind: 'lsn', value: '16/B374D848', inclusive: false }, id: 'once' },
    backup: {
      schedule: '5 4 * * 1',
      timeZone: 'Europe/Berlin',
      keep: 3,
      keepFor: 14 * 24 * 60 * 60,
      compression: 'none',
      verify: false,
      synchronous: true,
      // The live ConfigMap does not change what an annotation says.
      fixed: [
        'backup-schedule',
        'backup-time-zone',
        'backup-keep',
        'backup-keep-for',
        'backup-verify',
        'backup-compression',
      ],
    },
  });
});

const primaries: readonly (readonly [Record<string, string>, Manifest['spec'], string | null])[] = [
  [{}, {}, 'orders-0.orders.shop.svc:5432'],
  [{}, { serviceName: '' }, null],
  [{ role: 'primary' }, {}, 'orders-0.orders.shop.svc:5432'],
  [{ primary: 'db.other' }, {}, 'db.other:5432'],
  [{ primary: 'db.other:5444', role: 'standby', 'replication-secret': 'r' }, {}, 'db.other:5444'],
];

test.each(primaries)('with %j and %j a standby follows %s', (settings, spec, primary) => {
  expect(contract(plan({ settings, spec: spec ?? {} })).primary).toBe(primary);
});

test('the replication secret is mounted by reference and must exist', () => {
  const result = plan({ settings: { 'replication-secret': 'orders-replication' } });
  expect(volume(result, 'pgusher-replication')).toEqual({
    name: 'pgusher-replication',
    secret: { secretName: 'orders-replication', defaultMode: 420, optional: false },
  });
  for (const container of result.initContainers) {
    expect(container['volumeMounts']).toContainEqual({
      name: 'pgusher-replication',
      mountPath: '/pgusher-replication',
      readOnly: true,
    });
  }
  expect(volume(plan(), 'pgusher-replication')).toBeUndefined();
});

test('with backups off the sidecar stays for the lock and the roles, and sees who is primary', () => {
  const result = rendered({ settings: { backup: 'off' } });
  expect(contract(result.plan).backup).toBeNull();
  expect(contract(result.plan).store).toBeNull();
  for (const name of ['pgusher-backup', 'pgusher-restore']) {
    expect(initContainer(result.plan, name)['volumeMounts']).toContainEqual({
      name: 'pgusher-settings',
      mountPath: '/pgusher-settings',
      readOnly: true,
    });
  }
  expect(volume(result.plan, 'pgusher-settings')).toMatchObject({
    configMap: { name: 'orders-pgusher', optional: true },
  });
  expect(reason(result, 'backup-sidecar')).toBe(
    'injected: pgusher-backup holds the lock on the data and keeps roles right; it makes no backups: postgres.io/backup is "off" and there is no postgres.io/backup-claim',
  );
});

test('the data is mounted as the server has it, with the variables that its path is made of', () => {
  const pod = { name: 'POD', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } };
  const result = plan({
    container: {
      env: [{ name: 'UNRELATED', value: 'x' }, pod, { name: 'FOLDER', value: 'sets/$(POD)' }],
      volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data', subPathExpr: '$(FOLDER)' }],
    },
  });
  const sidecar = initContainer(result, 'pgusher-backup');
  expect(sidecar['volumeMounts']).toContainEqual({
    name: 'data',
    mountPath: '/var/lib/postgresql/data',
    subPathExpr: '$(FOLDER)',
  });
  expect((sidecar['env'] as readonly unknown[]).slice(0, 2)).toEqual([pod, { name: 'FOLDER', value: 'sets/$(POD)' }]);
});

test('each claim of the server comes along, since tablespaces may lie on it; configuration does not', () => {
  const result = plan({
    container: {
      env: [{ name: 'POSTGRES_INITDB_WALDIR', value: '/wal/pg_wal' }],
      volumeMounts: [
        { name: 'config', mountPath: '/var/lib/postgresql/data/conf' },
        { name: 'data', mountPath: '/var/lib/postgresql/data', subPath: 'db' },
        { name: 'wal', mountPath: '/wal' },
        { name: 'fast', mountPath: '/var/lib/postgresql/data/fast' },
        { name: 'other', mountPath: '/other' },
      ],
    },
    pod: {
      volumes: [
        { name: 'config', configMap: { name: 'c' } },
        { name: 'wal', persistentVolumeClaim: { claimName: 'wal' } },
        { name: 'fast', persistentVolumeClaim: { claimName: 'fast' } },
        { name: 'other', persistentVolumeClaim: { claimName: 'other' } },
      ],
    },
  });
  expect(initContainer(result, 'pgusher-restore')['volumeMounts']).toEqual([
    { name: 'data', mountPath: '/var/lib/postgresql/data', subPath: 'db' },
    { name: 'wal', mountPath: '/wal' },
    { name: 'fast', mountPath: '/var/lib/postgresql/data/fast' },
    { name: 'other', mountPath: '/other' },
    { name: 'pgusher', mountPath: '/pgusher' },
    { name: 'pgusher', mountPath: '/pgusher/home', subPath: 'home' },
    { name: 'pgusher-backup', mountPath: '/pgusher-backup' },
    { name: 'pgusher-settings', mountPath: '/pgusher-settings', readOnly: true },
  ]);
});

test.each([
  ['agent:1', 'IfNotPresent'],
  ['registry:5000/agent', 'Always'],
  ['agent:latest', 'Always'],
  ['agent@sha256:' + 'a'.repeat(64), 'IfNotPresent'],
])('image %s is pulled %s, as the apiserver would fill in', (image, policy) => {
  expect(initContainer(plan({ settings: { 'agent-image': image } }), 'pgusher-backup')['imagePullPolicy']).toBe(policy);
});
