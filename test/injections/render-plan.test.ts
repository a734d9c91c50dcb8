import fc from 'fast-check';
import { expect, test } from 'vitest';
import { injections } from '../../src/injections/registry.ts';
import { renderPlan } from '../../src/injections/render-plan.ts';
import { verbatimForKubelet } from '../../src/shell/kubelet-expansion.ts';
import type { SettingValues } from '../../src/workload/settings.ts';
import { contract, initContainer, plan, rendered } from './support/rendered.ts';
import { workload } from './support/workload.ts';
import { yaml } from './support/yaml.ts';

test('the server of a stock manifest gets exactly this', () => {
  expect(plan().server).toEqual(yaml`
      container: postgres
      env:
        - { name: PGDATA, value: /var/lib/postgresql/data/pgdata }
      replacedEnv: []
      volumeMounts:
        - { name: pgusher, mountPath: /pgusher }
        - { name: pgusher-shm, mountPath: /dev/shm }
      args: [-c, max_slot_wal_keep_size=2560MB, -c, huge_pages=off]
      ports:
        - { name: postgres, containerPort: 5432, protocol: TCP }
      startupProbe:
        exec: { command: [sh, /pgusher/bin/started.sh, "5432"] }
        failureThreshold: 1800
        periodSeconds: 2
        successThreshold: 1
        timeoutSeconds: 5
      readinessProbe:
        exec: { command: [sh, /pgusher/bin/ready.sh, "5432"] }
        failureThreshold: 5
        periodSeconds: 3
        successThreshold: 1
        timeoutSeconds: 5
      preStop: [sh, /pgusher/bin/pre-stop.sh, "280"]
      `);
});

test('the pod of a stock manifest gets exactly these volumes, this claim template and this time to stop', () => {
  const { volumes, claimTemplates, pod } = plan();
  expect({ volumes, claimTemplates, pod }).toEqual(yaml`
    volumes:
      - name: pgusher-settings
        configMap: { name: orders-pgusher, optional: true, defaultMode: 420 }
      - name: pgusher
        emptyDir: { medium: Memory, sizeLimit: 64Mi }
      - name: pgusher-shm
        emptyDir: { medium: Memory, sizeLimit: 256Mi }
    claimTemplates:
      - apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: { name: pgusher-backup }
        spec:
          accessModes: [ReadWriteOnce]
          resources: { requests: { storage: 20Gi } }
          volumeMode: Filesystem
        status: { phase: Pending }
    pod: { graceSeconds: 300 }
  `);
});

test('the sidecar comes first, then the boot decision, then the initialisation', () => {
  expect(plan().initContainers.map((container) => container['name'])).toEqual([
    'pgusher-backup',
    'pgusher-restore',
    'pgusher-initdb',
  ]);
});

test('every injection says in words what it did', () => {
  expect(rendered().reasons.map(({ injection, outcome, text }) => `${injection} ${outcome}: ${text}`)).toEqual([
    'backup-sidecar injected: pgusher-backup holds the lock on the data, receives WAL as it is written and makes base backups',
    'restore-init-container injected: pgusher-restore decides at each start of the pod: start, restore, copy or initialise; never by guessing',
    'initdb-init-container injected: pgusher-initdb initialises an empty volume with the image as it is, and starts anew after a failure half-way',
    'data-directory injected: PGDATA=/var/lib/postgresql/data/pgdata, below the root of the volume, where /var/lib/postgresql/data would have been',
    'server-parameters injected: max_slot_wal_keep_size=2560MB, huge_pages=off',
    'server-port injected: no containerPort says that Postgres listens on 5432',
    'shared-volume injected: /pgusher carries the scripts and the messages between server and agent',
    'shared-memory injected: /dev/shm of 256Mi: parallel queries fail at the 64Mi that a container gets by itself',
    'backup-claim-template injected: backups go to claim template pgusher-backup, 20Gi',
    'startup-probe injected: the pod counts as started once the server answers or recovers, within an hour',
    'readiness-probe injected: the pod is ready once the server takes connections and, as a primary, has ended its recovery',
    'pre-stop-hook injected: checkpoint, last WAL out and fast shutdown within 280 seconds',
    'grace-period injected: 30 seconds may end a shutdown checkpoint half-way; 300 do not',
  ]);
});

test('without a volume under PGDATA only what needs none is injected', () => {
  const result = rendered({ container: { volumeMounts: [] }, settings: { 'backup-storage': '5Gi' } });
  expect(result.plan.initContainers).toEqual([]);
  expect(result.plan.claimTemplates).toEqual([]);
  expect(result.plan.volumes).toEqual([{ name: 'pgusher-shm', emptyDir: { medium: 'Memory', sizeLimit: '256Mi' } }]);
  expect(result.plan.server?.preStop).toBeUndefined();
  expect(result.plan.server?.startupProbe).toBeUndefined();
  expect(result.plan.server?.readinessProbe).toBeUndefined();
});

test('ids are unique and name the file', async () => {
  const ids = injections.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const injection of injections) {
    const module: unknown = await import(`../../src/injections/${injection.id}.ts`);
    expect(Object.values(module ?? {})).toContain(injection);
  }
});

test('scaling does not change what is rendered', () => {
  const settings = { 'replication-secret': 'r' };
  const one = JSON.stringify(rendered({ settings, spec: { replicas: 1 } }));
  expect(JSON.stringify(rendered({ settings, spec: { replicas: 5 } }))).toBe(one);
  expect(JSON.stringify(rendered({ settings }))).toBe(one);
});

test('the same workload is rendered to the same bytes, and is left as it was', () => {
  const one = workload({ settings: { parameters: 'work_mem=8MB', 'replication-secret': 'r' } });
  const before = JSON.stringify(one.object);
  const first = JSON.stringify(renderPlan(deeplyFrozen(one), 'CREATE'));
  expect(JSON.stringify(renderPlan(one, 'CREATE'))).toBe(first);
  expect(JSON.stringify(one.object)).toBe(before);
});

test('without a Postgres container, or with an image that manages itself, asking for a plan is a fault of ours', () => {
  expect(() => renderPlan(workload({ pod: { containers: [] } }), 'CREATE')).toThrow(
    'No Postgres container is known in shop/orders.',
  );
  expect(() => renderPlan(workload({ container: { image: 'bitnami/postgresql:17.6.0' } }), 'CREATE')).toThrow(
    'Image family bitnami of shop/orders is left alone.',
  );
});

test('what a setting says is never part of a program, only of data', () => {
  // Past the checks of each annotation, as if one of them had a hole.
  const bad = `'; touch /tmp/x; "$(touch /tmp/y)" \`touch /tmp/z\` $$ \n| & > < * ? ~ #`;
  const one = workload();
  const values: SettingValues = {
    ...one.settings.values,
    backupClaim: bad,
    backupPrefix: bad,
    backupSchedule: bad,
    backupTimeZone: bad,
    restoreFrom: bad,
    restoreFromClaim: bad,
    restoreBackup: bad,
    restoreTarget: { kind: 'name', value: bad },
    restoreId: bad,
    primary: bad,
    replicationSecret: bad,
    replicationNetwork: bad,
    parameters: [['application_name', bad]],
    agentImage: bad,
  };
  const { initContainers, server } = renderPlan({ ...one, settings: { ...one.settings, values } }, 'CREATE').plan;
  expect(initContainers.map(({ name, command, args }) => ({ name, command, args }))).toEqual([
    { name: 'pgusher-backup', args: ['backup'] },
    { name: 'pgusher-restore', args: ['restore'] },
    {
      name: 'pgusher-initdb',
      command: ['sh', '/pgusher/bin/initdb.sh'],
      // One argument of its own: no shell reads it.
      args: ['postgres', ...(server?.args ?? [])],
    },
  ]);
  expect(server?.args.filter((argument) => argument.includes('touch'))).toEqual([
    `application_name=${verbatimForKubelet(bad)}`,
  ]);
  expect(JSON.stringify([server?.startupProbe, server?.readinessProbe, server?.preStop])).not.toContain('touch');
});

test('the texts that a setting may be reach the agent and the server as they are written', () => {
  const text = fc.string({
    unit: fc.constantFrom('$', '(', ')', 'a', "'", '"', '`', ';', '\\', ' '),
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(text, (value) => {
      const one = workload();
      const values = {
        ...one.settings.values,
        backupPrefix: value,
        parameters: [['application_name', value]] as const,
      };
      const result = renderPlan({ ...one, settings: { ...one.settings, values } }, 'CREATE').plan;
      expect(contract(result).store?.prefix).toBe(value);
      const doubled = value.replace(/\$(?=[$(])/g, '$$$$');
      expect(result.server?.args.at(-1)).toBe(`application_name=${doubled}`);
      expect(initContainer(result, 'pgusher-initdb')['args']).toContain(`application_name=${doubled}`);
    }),
  );
});

function deeplyFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deeplyFrozen(child);
  }
  return value;
}
