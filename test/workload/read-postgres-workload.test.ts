import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { isObject } from '../../src/workload/json.ts';
import { readPostgresWorkload } from '../../src/workload/read-postgres-workload.ts';
import { readSettings } from '../../src/workload/read-settings.ts';

function read(yaml: string, annotations: Readonly<Record<string, string>> = {}) {
  const object = parse(yaml) as Json;
  if (!isObject(object)) throw new Error('the fixture is no object');
  return readPostgresWorkload(object, readSettings({ statefulset: annotations }), 'shop');
}

/** A StatefulSet with one Postgres container of these further fields (YAML, indented by 8). */
function server(fields: string, podFields = '', setFields = '') {
  const found = read(`
spec:
${setFields}
  template:
    spec:
${podFields}
      containers:
      - name: postgres
        image: postgres:17.6-bookworm
${fields}
`).server;
  if (found === undefined) throw new Error('no server was found');
  return found;
}

test('a plain set of forty lines', () => {
  const workload = read(`
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: orders
  labels: {postgres.io/managed: "true", app: orders}
  annotations: {team: shop}
spec:
  serviceName: orders
  replicas: 2
  template:
    spec:
      terminationGracePeriodSeconds: 120
      containers:
      - name: postgres
        image: docker.io/library/postgres:17.6-bookworm
        ports: [{containerPort: 5432}]
        env:
        - {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: orders, key: password}}}
        - {name: PGDATA, value: /var/lib/postgresql/data/pgdata}
        volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 10Gi}}}
`);
  expect(workload).toMatchObject({
    namespace: 'shop',
    name: 'orders',
    labels: { 'postgres.io/managed': 'true', app: 'orders' },
    annotations: { team: 'shop' },
    replicas: 2,
    graceSeconds: 120,
    detection: { kind: 'found', container: 'postgres' },
    server: {
      name: 'postgres',
      image: { registry: 'docker.io', repository: 'library/postgres', tag: '17.6-bookworm' },
      family: { id: 'postgres' },
      major: 17,
      start: { kind: 'entrypoint' },
      port: 5432,
      preStop: { kind: 'none' },
      probes: { startup: undefined, liveness: undefined, readiness: undefined },
      data: {
        path: '/var/lib/postgresql/data/pgdata',
        from: 'PGDATA',
        atMountRoot: false,
        shadowedByImageVolume: false,
        mount: {
          name: 'data',
          mountPath: '/var/lib/postgresql/data',
          readOnly: false,
          source: {
            kind: 'claim-template',
            accessModes: ['ReadWriteOnce'],
            storage: '10Gi',
            storageClass: 'fast',
          },
        },
      },
    },
  });
  expect([...(workload.server?.environment ?? [])]).toEqual([
    ['POSTGRES_PASSWORD', { kind: 'secret', secret: 'orders', key: 'password', optional: false }],
    ['PGDATA', { kind: 'value', value: '/var/lib/postgresql/data/pgdata', written: '/var/lib/postgresql/data/pgdata' }],
  ]);
});

test('what is absent is as Kubernetes defaults it', () => {
  const workload = read('metadata: {generateName: orders-}');
  expect(workload).toMatchObject({
    name: 'orders-',
    labels: {},
    annotations: {},
    replicas: 1,
    graceSeconds: undefined,
    podSpec: {},
    detection: { kind: 'none', containers: [] },
    server: undefined,
  });
});

describe('parameters', () => {
  test('the last one that PostgreSQL would obey, with its source', () => {
    const fields = `
        command: [docker-entrypoint.sh, postgres, -c, fsync=on, -p, "5433"]
        args: [--fsync=off, -N, "$(CONNECTIONS)"]
        env: [{name: PGPORT, value: "5434"}, {name: CONNECTIONS, value: "250"}]`;
    expect([...server(fields).parameters.values()]).toEqual([
      { name: 'port', value: '5433', from: 'command', argument: 4 },
      { name: 'fsync', value: 'off', from: 'args', argument: 6 },
      { name: 'max_connections', value: '250', from: 'args', argument: 7 },
    ]);
    expect(server(fields).port).toBe(5433);
    expect(server(fields).args).toEqual(['--fsync=off', '-N', '$(CONNECTIONS)']);
  });

  test('the annotation comes after the arguments', () => {
    const object = {
      spec: { template: { spec: { containers: [{ name: 'a', image: 'postgres:17', args: ['-F'] }] } } },
    };
    const settings = readSettings({ statefulset: { 'postgres.io/parameters': 'fsync=on, port=6000' } });
    const read = readPostgresWorkload(object, settings, 'shop').server;
    expect(read?.parameters.get('fsync')).toEqual({
      name: 'fsync',
      value: 'on',
      from: 'parameters-annotation',
      argument: undefined,
    });
    expect(read?.port).toBe(6000);
  });

  test('in a script of sh -c they are seen too', () => {
    const { start, parameters } = server(`
        command: [sh, -c, 'chmod 700 /x; exec docker-entrypoint.sh postgres -c fsync=off']`);
    expect(start).toMatchObject({ kind: 'shell', replacesUnder: ['dash', 'ash', 'bash'] });
    expect(parameters.get('fsync')).toEqual({ name: 'fsync', value: 'off', from: 'command', argument: 2 });
  });

  test('-D is in them as data_directory where it holds the data', () => {
    expect(server('        args: [-D, /data]').parameters.get('data_directory')?.value).toBe('/data');
    expect(server('        args: [-D, /etc/postgresql]').parameters.has('data_directory')).toBe(false);
  });

  test.each([
    ['5433', 5433],
    ['0', 5432],
    ['70000', 5432],
    // A leading zero is octal to the server, and psql would read the same variable as 5433.
    ['05433', 2843],
    ['0x1539', 5433],
    ['08', 5432],
    ['many', 5432],
  ])('PGPORT %s makes port %d', (text, port) => {
    expect(server(`        env: [{name: PGPORT, value: "${text}"}]`).port).toBe(port);
  });
});

test('PGDATA may be made of other variables', () => {
  const env = (value: string) => `
        env:
        - {name: ROOT, value: /srv}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: PGDATA, value: ${value}}`;
  expect(server(env('$(ROOT)/pg')).data.path).toBe('/srv/pg');
  expect(server(env('/srv/$(POD)/$(NONE)')).data.path).toBe('/srv/$(POD)/$(NONE)');
  expect(server(env('/srv/$$(ROOT)')).data.path).toBe('/srv/$(ROOT)');
});

test('variables that multiply one another end somewhere', () => {
  const name = (index: number) => `V${index}`;
  const multiplying = Array.from({ length: 2000 }, (_, index) => ({
    name: name(index),
    value: index === 0 ? 'x'.repeat(1000) : `$(${name(index - 1)})`.repeat(200),
  }));
  const env = [...multiplying, { name: 'SELF', value: '$(SELF)' }, { name: 'PGDATA', value: '/d/$(SELF)/$(V1999)' }];
  const object = { spec: { template: { spec: { containers: [{ name: 'a', image: 'postgres:17', env }] } } } };
  const begun = performance.now();
  const { server: found } = readPostgresWorkload(object, readSettings({ statefulset: {} }), 'shop');
  expect(found?.data.path.startsWith('/d/$(SELF)/')).toBe(true);
  expect(performance.now() - begun).toBeLessThan(20_000);
});

test('every kind of volume is told apart', () => {
  const kinds = server(
    `
        volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /b, readOnly: true}, {name: c, mountPath: /c}, {name: d, mountPath: /d}, {name: e, mountPath: /e, subPath: x}, {name: f, mountPath: /f, subPathExpr: $(X)}, {name: g, mountPath: /g}, {name: h, mountPath: /h}, {name: i, mountPath: /i}, {name: j, mountPath: /j}, {name: k, mountPath: /k}, {name: l}]`,
    `
      volumes: [{name: a, emptyDir: {medium: Memory}}, {name: b, persistentVolumeClaim: {claimName: x}}, {name: c, hostPath: {path: /x}}, {name: d, ephemeral: {volumeClaimTemplate: {}}}, {name: e, nfs: {server: s, path: /p}}, {name: f, configMap: {name: x}}, {name: g, csi: {driver: x}}, {name: h}, {name: i, emptyDir: null}, {name: k, emptyDir: {}}]`,
    `
  volumeClaimTemplates: [{metadata: {name: k}, spec: {resources: {requests: {storage: 1073741824}}}}]`,
  ).mounts;
  expect(kinds.map(({ source }) => source)).toEqual([
    { kind: 'emptyDir', medium: 'Memory' },
    { kind: 'claim', claimName: 'x' },
    { kind: 'hostPath', path: '/x' },
    { kind: 'ephemeral' },
    { kind: 'nfs', server: 's', path: '/p' },
    { kind: 'configMap' },
    { kind: 'other', type: 'csi' },
    { kind: 'emptyDir', medium: undefined },
    { kind: 'emptyDir', medium: undefined },
    { kind: 'undefined' },
    expect.objectContaining({
      kind: 'claim-template',
      accessModes: [],
      storage: '1073741824',
      storageClass: undefined,
    }),
  ]);
  expect(kinds.map(({ readOnly }) => readOnly).indexOf(true)).toBe(1);
  expect([kinds[4]?.subPath, kinds[5]?.subPathExpr]).toEqual(['x', '$(X)']);
});

test('the container says it over the pod', () => {
  const { security } = server(
    '        securityContext: {runAsUser: 70, runAsNonRoot: false, readOnlyRootFilesystem: true, privileged: true}',
    '      securityContext: {runAsUser: 999, runAsGroup: 998, fsGroup: 997, runAsNonRoot: true}',
  );
  expect(security).toEqual({
    runAsUser: 70,
    runAsGroup: 998,
    runAsNonRoot: false,
    fsGroup: 997,
    privileged: true,
    readOnlyRootFilesystem: true,
    container: { runAsUser: 70, runAsNonRoot: false, readOnlyRootFilesystem: true, privileged: true },
    pod: { runAsUser: 999, runAsGroup: 998, fsGroup: 997, runAsNonRoot: true },
  });
});

test.each([
  ['lifecycle: {preStop: {exec: {command: [sh, -c, x]}}}', { kind: 'exec', command: ['sh', '-c', 'x'] }],
  ['lifecycle: {preStop: {httpGet: {port: 80}}}', { kind: 'other', form: 'httpGet' }],
  ['lifecycle: {preStop: {sleep: {seconds: 5}}}', { kind: 'other', form: 'sleep' }],
  ['lifecycle: {postStart: {exec: {command: [x]}}}', { kind: 'none' }],
  ['lifecycle: {preStop: {}}', { kind: 'none' }],
  ['lifecycle: null', { kind: 'none' }],
])('the preStop hook of %s', (fields, hook) => {
  expect(server(`        ${fields}`).preStop).toEqual(hook);
});

test('probes are there or not', () => {
  const { probes } = server('        livenessProbe: {tcpSocket: {port: postgres}}\n        readinessProbe: {}');
  expect(probes).toEqual({ startup: undefined, liveness: { tcpSocket: { port: 'postgres' } }, readiness: undefined });
});

test('a messy manifest: anchors, nulls, empty lists, names written twice', () => {
  const workload = read(`
metadata: {name: orders, labels: {a: 1, b: x}, annotations: null}
spec:
  replicas: null
  template:
    spec:
      volumes: null
      initContainers: []
      containers:
      - name: postgres
        image: &image postgres:17.6
        command: null
        args: [-c, fsync=off]
        ports: [{containerPort: 5432}, {containerPort: null}]
        env: [{name: PGDATA, value: /a}, {name: PGDATA, value: /b}, {value: x}, {name: N, value: null}]
        volumeMounts: [{name: data}]
        securityContext: {runAsUser: null}
        resources: {}
      - name: postgres
        image: *image
        args: [-F]
  volumeClaimTemplates: [{}]
`);
  expect(workload).toMatchObject({ labels: { b: 'x' }, annotations: {}, replicas: 1 });
  expect(workload.detection).toEqual({
    kind: 'found',
    container: 'postgres',
    because: ['image-family', 'port-5432', 'postgres-environment'],
  });
  expect(workload.server?.data.path).toBe('/b');
  expect(workload.server?.args).toEqual(['-c', 'fsync=off']);
  expect(workload.server?.security.runAsUser).toBeUndefined();
});

test('nothing is read past a field of another type: a word that is left out would change what the others say', () => {
  const { detection, server: found } = read(`
spec:
  template:
    spec:
      containers:
      - name: postgres
        image: postgres:17.6
        args: [-c, 5, fsync=off]
        volumeMounts: {name: data}
`);
  expect(found).toBeUndefined();
  expect(detection.kind === 'unreadable' ? detection.fields.map(({ field }) => field) : detection).toEqual([
    'spec.template.spec.containers[postgres].args[1]',
    'spec.template.spec.containers[postgres].volumeMounts',
  ]);
});

test('numbers that JavaScript cannot hold are passed over', () => {
  const object = {
    spec: {
      replicas: JSON.rawJSON('99999999999999999999'),
      template: {
        spec: {
          containers: [
            { name: 'a', image: 'postgres:17', ports: [{ containerPort: JSON.rawJSON('12345678901234567890') }] },
          ],
        },
      },
    },
  };
  const workload = readPostgresWorkload(object, readSettings({ statefulset: {} }), 'shop');
  expect([workload.replicas, workload.server?.name]).toEqual([1, 'a']);
});

describe('whatever the object holds', () => {
  const settings = readSettings({ statefulset: {} });
  const anything = fc.oneof(
    { withCrossShrink: true },
    fc.jsonValue(),
    fc.constant(JSON.rawJSON('1e400')),
  ) as fc.Arbitrary<Json>;
  const text = fc.constantFrom(
    'postgres',
    'postgres:17',
    '-c',
    'fsync=off',
    '$(A)',
    'sh',
    "exec postgres '",
    '/var/lib',
    'PGDATA',
    '/',
  );

  /** The fields that are read, each with something that fits or with anything. */
  const fuzzy = (fitting: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 4, arbitrary: fitting }, { weight: 1, arbitrary: anything });
  const texts = fuzzy(fc.array(fuzzy(text)));
  const container = fuzzy(
    fc.record(
      {
        name: fuzzy(text),
        image: fuzzy(text),
        command: texts,
        args: texts,
        env: fuzzy(fc.array(fuzzy(fc.record({ name: fuzzy(text), value: fuzzy(text), valueFrom: anything })))),
        volumeMounts: fuzzy(fc.array(fuzzy(fc.record({ name: fuzzy(text), mountPath: fuzzy(text) })))),
        lifecycle: anything,
        securityContext: anything,
      },
      { requiredKeys: [] },
    ),
  );
  const podSpec = fuzzy(
    fc.record({ containers: fuzzy(fc.array(container)), volumes: fuzzy(fc.array(anything)) }, { requiredKeys: [] }),
  );
  const set = fc.record({
    metadata: anything,
    spec: fuzzy(
      fc.record({ replicas: anything, template: fuzzy(fc.record({ spec: podSpec })), volumeClaimTemplates: anything }),
    ),
  });

  test('reading it never throws and changes nothing in it', () => {
    fc.assert(
      fc.property(set, (object) => {
        const before = JSON.stringify(object);
        const workload = readPostgresWorkload(object as JsonObject, settings, 'shop');
        expect(workload.server === undefined).toBe(workload.detection.kind !== 'found');
        expect(workload.server?.data.path.startsWith('/') ?? true).toBe(true);
        expect(JSON.stringify(object)).toBe(before);
      }),
      { numRuns: 2000 },
    );
  });
});
