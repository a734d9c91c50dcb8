import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { plan, reason, rendered, volume } from './support/rendered.ts';
import type { Manifest } from './support/workload.ts';
import { dataTemplate } from './support/workload.ts';

const slots = (megabytes: number): string[] => ['-c', `max_slot_wal_keep_size=${megabytes}MB`];
const hugePagesOff = ['-c', 'huge_pages=off'];
const walKept = ['-c', 'wal_keep_size=512MB'];

const parameters: readonly (readonly [why: string, manifest: Manifest, args: readonly string[]])[] = [
  ['a quarter of the data claim for slots', {}, [...slots(2560), ...hugePagesOff]],
  ['at least 1 GB of it', { spec: { volumeClaimTemplates: [dataTemplate('2Gi')] } }, [...slots(1024), ...hugePagesOff]],
  ['decimal sizes', { spec: { volumeClaimTemplates: [dataTemplate('100G')] } }, [...slots(23841), ...hugePagesOff]],
  ['WAL for standbys', { settings: { 'replication-secret': 'r' } }, [...slots(2560), ...walKept, ...hugePagesOff]],
  ['nothing that the user has set', { container: { args: ['--max-slot-wal-keep-size=1TB', '-chuge_pages=try'] } }, []],
  ['no slots, no limit for them', { settings: { backup: 'off' } }, hugePagesOff],
  ['12 has neither', { container: { image: 'postgres:12.22' }, settings: { 'replication-secret': 'r' } }, hugePagesOff],
  [
    'a claim of unknown size',
    {
      spec: { volumeClaimTemplates: [] },
      pod: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'd' } }] },
      settings: { 'backup-claim': 'b' },
    },
    hugePagesOff,
  ],
  [
    'a configuration file of the user’s may say it',
    { container: { args: ['-c', 'config_file=/etc/pg.conf'] } },
    hugePagesOff,
  ],
  [
    'huge pages that the pod asks for',
    { container: { resources: { limits: { 'hugepages-2Mi': '1Gi', memory: '4Gi' } } } },
    slots(2560),
  ],
  [
    'the annotation last',
    { settings: { parameters: 'work_mem=64MB, max_slot_wal_keep_size=9GB' } },
    [...hugePagesOff, '-c', 'work_mem=64MB', '-c', 'max_slot_wal_keep_size=9GB'],
  ],
];

test.each(parameters)('arguments: %s', (_why, manifest, args) => {
  expect(plan(manifest).server?.args ?? []).toEqual(args);
});

test('a shell that starts the server takes no arguments, and that is said', () => {
  const container = { command: ['sh', '-c', 'exec postgres'] };
  const result = rendered({ container });
  expect(result.plan.server?.args).toEqual([]);
  const text = 'skipped: the container is started by a program that takes no arguments for the server';
  expect(reason(result, 'server-parameters')).toBe(text);
  expect(reason(rendered({ container, settings: { parameters: 'work_mem=8MB' } }), 'server-parameters')).toBe(
    `${text}, so postgres.io/parameters has no effect`,
  );
});

const ports: readonly (readonly [why: string, container: JsonObject, ports: readonly JsonObject[]])[] = [
  ['none', {}, [{ name: 'postgres', containerPort: 5432, protocol: 'TCP' }]],
  ['there', { ports: [{ containerPort: 5432 }] }, []],
  [
    'another one only',
    { ports: [{ name: 'metrics', containerPort: 9187 }] },
    [{ name: 'postgres', containerPort: 5432, protocol: 'TCP' }],
  ],
  [
    'the name is taken',
    { ports: [{ name: 'postgres', containerPort: 9 }] },
    [{ containerPort: 5432, protocol: 'TCP' }],
  ],
  [
    'another port of the server',
    { args: ['-p', '5433'] },
    [{ name: 'postgres', containerPort: 5433, protocol: 'TCP' }],
  ],
];

test.each(ports)('port: %s', (_why, container, expected) => {
  expect(plan({ container }).server?.ports).toEqual(expected);
});

test('a port name that a pooler beside the server has is left to it, since Services go by it', () => {
  const server = {
    name: 'db',
    image: 'postgres:17.6',
    volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
  };
  const pooler = { name: 'pooler', image: 'pgbouncer:1.24', ports: [{ name: 'postgres', containerPort: 6432 }] };
  const result = plan({ settings: { container: 'db' }, pod: { containers: [server, pooler] } });
  expect(result.server?.ports).toEqual([{ containerPort: 5432, protocol: 'TCP' }]);
});

const sizes: readonly (readonly [limit: string | undefined, sizeLimit: string])[] = [
  [undefined, '256Mi'],
  ['128Mi', '64Mi'],
  ['1Gi', '256Mi'],
  ['16Gi', '1Gi'],
];

test.each(sizes)('with a memory limit of %s /dev/shm has %s', (memory, sizeLimit) => {
  const resources = memory === undefined ? {} : { limits: { memory } };
  expect(volume(plan({ container: { resources } }), 'pgusher-shm')).toEqual({
    name: 'pgusher-shm',
    emptyDir: { medium: 'Memory', sizeLimit },
  });
});

test('a /dev/shm of the user’s stays', () => {
  const volumeMounts = [
    { name: 'data', mountPath: '/var/lib/postgresql/data' },
    { name: 'mine', mountPath: '/dev/shm' },
  ];
  const result = rendered({ container: { volumeMounts }, pod: { volumes: [{ name: 'mine', emptyDir: {} }] } });
  expect(volume(result.plan, 'pgusher-shm')).toBeUndefined();
  expect(reason(result, 'shared-memory')).toBe('skipped: /dev/shm is mounted already');
});

const graces: readonly (readonly [
  own: number | undefined,
  stopGrace: string | undefined,
  becomes: number | undefined,
  seconds: string,
])[] = [
  [undefined, undefined, 300, '280'],
  [30, undefined, 300, '280'],
  [300, undefined, undefined, '280'],
  [1800, undefined, undefined, '1780'],
  [60, '120', 120, '100'],
  [0, '30', 30, '10'],
];

test.each(graces)(
  'grace %s with stop-grace %s becomes %s, of which the hook has %s',
  (own, stopGrace, becomes, seconds) => {
    const result = plan({
      settings: stopGrace === undefined ? {} : { 'stop-grace': stopGrace },
      pod: own === undefined ? {} : { terminationGracePeriodSeconds: own },
    });
    expect(result.pod.graceSeconds).toBe(becomes);
    expect(result.server?.preStop).toEqual(['sh', '/pgusher/bin/pre-stop.sh', seconds]);
  },
);

const hooks: readonly (readonly [why: string, manifest: Manifest, reason: string])[] = [
  ['off', { settings: { 'pre-stop': 'off' } }, 'skipped: postgres.io/pre-stop is "off"'],
  [
    'a request',
    { container: { lifecycle: { preStop: { httpGet: { port: 80 } } } } },
    "skipped: the container's own preStop hook is httpGet, which cannot be run first",
  ],
  [
    'a command',
    { container: { lifecycle: { preStop: { exec: { command: ['true'] } } } } },
    "injected: after the container's own hook, checkpoint, last WAL out and fast shutdown within 280 seconds",
  ],
];

test.each(hooks)('preStop: %s', (_why, manifest, text) => {
  expect(reason(rendered(manifest), 'pre-stop-hook')).toBe(text);
});

test('probes of the user’s stay, and a liveness probe alone gets an hour before it counts', () => {
  const probe = { tcpSocket: { port: 5432 } };
  const all = plan({ container: { startupProbe: probe, readinessProbe: probe, livenessProbe: probe } });
  expect([all.server?.startupProbe, all.server?.readinessProbe]).toEqual([undefined, undefined]);

  const liveness = rendered({ container: { livenessProbe: probe } });
  expect(liveness.plan.server?.startupProbe).toBeDefined();
  expect(reason(liveness, 'startup-probe')).toBe(
    "injected: the container's liveness probe would kill a recovery that takes longer than it allows; it waits for up to an hour now",
  );

  const off = rendered({ settings: { probes: 'off' } });
  expect([off.plan.server?.startupProbe, off.plan.server?.readinessProbe]).toEqual([undefined, undefined]);
  expect(reason(off, 'readiness-probe')).toBe('skipped: postgres.io/probes is "off"');
});
