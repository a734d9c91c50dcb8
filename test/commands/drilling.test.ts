import { describe, expect, it } from 'vitest';
import { drill } from '../../src/commands/drilling.ts';
import type { DrillCluster, DrillRequest } from '../../src/commands/drilling.ts';
import type { Drill } from '../../src/drill/drill-pod.ts';
import type { JsonObject } from '../../src/workload/json.ts';

const template: JsonObject = {
  spec: {
    initContainers: [
      {
        name: 'pgusher-backup',
        image: 'agent:1',
        env: [
          {
            name: 'PGUSHER_CONTRACT',
            value: JSON.stringify({ store: { mount: '/pgusher-backup', prefix: 'shop/orders' } }),
          },
        ],
        volumeMounts: [{ name: 'backups', mountPath: '/pgusher-backup' }],
      },
    ],
    containers: [{ name: 'postgres', image: 'postgres:17', args: ['postgres'] }],
    volumes: [{ name: 'backups', persistentVolumeClaim: { claimName: 'backups' } }],
  },
};

const stored: JsonObject = {
  metadata: { name: 'orders', namespace: 'shop', annotations: {} },
  spec: { replicas: 1, template, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] },
};

const ready: JsonObject = {
  phase: 'Running',
  initContainerStatuses: [
    {
      name: 'pgusher-restore',
      state: { terminated: { startedAt: '2026-11-30T12:00:01Z', finishedAt: '2026-11-30T12:00:02Z' } },
    },
  ],
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-30T12:00:04Z' }],
};

/** What the real apiserver does is tried on a node (test/scenarios/drill); this one fails and hangs when a test wants it to. */
class Cluster implements DrillCluster {
  readonly done: string[] = [];
  there: JsonObject | null = null;
  states: JsonObject[] = [ready];
  denied: string | undefined;
  damaged: readonly { table: string; reason: string }[] = [];
  createFails = false;
  counts: readonly (readonly [string, number | null])[] = [];

  set = (): Promise<JsonObject> => Promise.resolve(stored);
  claim = (name: string): Promise<JsonObject | null> => Promise.resolve(name === 'backups' ? { spec: {} } : null);
  admitted = (set: JsonObject): Promise<JsonObject | string> => Promise.resolve(this.denied ?? set);
  pod = (name: string): Promise<JsonObject | null> => {
    if (name !== 'orders-drill-0' || this.there === null) return Promise.resolve(null);
    const status = this.states.length > 1 ? this.states.shift() : this.states[0];
    return Promise.resolve({ status: status ?? {}, ...this.there });
  };
  create = ({ pod, claims }: Drill): Promise<void> => {
    this.done.push(`create ${claims.length}`);
    if (this.createFails) return Promise.reject(new Error('exceeded quota'));
    this.there = {
      ...pod,
      metadata: { ...(pod['metadata'] as JsonObject), creationTimestamp: '2026-11-30T12:00:00Z' },
    };
    return Promise.resolve();
  };
  remove = (pod: string, claims: readonly string[]): Promise<void> => {
    this.done.push(`remove ${pod} ${claims.join(' ')}`);
    this.there = null;
    return Promise.resolve();
  };
  agent = (pod: string, args: readonly string[]): Promise<{ code: number; out: string; error: string }> => {
    this.done.push(`${pod} ${args.join(' ')}`);
    const databases = [{ name: 'shop', bytes: 1, tables: 1, rows: 1, damaged: this.damaged }];
    const rows = this.counts.find(([name]) => name === pod)?.[1] ?? null;
    const answer =
      args[0] === 'read-tables'
        ? { backup: 'b', timeline: 2, lsn: '0/1', lastCommit: null, databases }
        : [{ table: 'shop.public.t', rows }];
    return Promise.resolve({ code: 0, out: JSON.stringify(answer), error: '' });
  };
}

function request(more: Partial<DrillRequest> = {}): DrillRequest & { readonly said: string[] } {
  const said: string[] = [];
  return {
    namespace: 'shop',
    set: 'orders',
    pod: 'orders-0',
    server: 'postgres',
    compare: [],
    limit: 600,
    now: () => new Date('2026-11-30T12:00:00Z'),
    say: (line) => said.push(line),
    pause: () => Promise.resolve(),
    signal: new AbortController().signal,
    said,
    ...more,
  };
}

const removed = 'remove orders-drill-0 data-orders-drill-0';

describe('a drill', () => {
  it('makes, waits, reads, compares and removes', async () => {
    const cluster = new Cluster();
    cluster.counts = [
      ['orders-drill-0', 4],
      ['orders-0', 5],
    ];
    const wanted = request({ compare: ['t'] });
    cluster.states = [{ initContainerStatuses: [{ name: 'pgusher-restore', state: { running: {} } }] }, ready];
    expect(await drill(cluster, wanted)).toMatchObject({
      ok: true,
      took: { begun: 1, restored: 1, recovered: 2 },
      compared: [{ table: 'shop.public.t', restored: 4, now: 5 }],
    });
    expect(cluster.done).toEqual([
      'create 1',
      'orders-drill-0 read-tables',
      'orders-drill-0 count-rows t',
      'orders-0 count-rows t',
      removed,
    ]);
    expect(wanted.said).toContain('orders-drill-0 waits for the base backup to be restored');
  });

  it.each<readonly [string, (cluster: Cluster) => void, boolean]>([
    ['a table that cannot be read', (cluster) => (cluster.damaged = [{ table: 't', reason: 'invalid page' }]), false],
    [
      'a compared table that has lost all rows',
      (cluster) =>
        (cluster.counts = [
          ['orders-drill-0', 0],
          ['orders-0', 5],
        ]),
      false,
    ],
  ])('finds %s', async (_, change, ok) => {
    const cluster = new Cluster();
    change(cluster);
    expect((await drill(cluster, request({ compare: ['t'] }))).ok).toBe(ok);
    expect(cluster.done.at(-1)).toBe(removed);
  });

  it.each<readonly [string, (cluster: Cluster) => void]>([
    [
      'the restore failed: pgusher-restore ended with 1: damaged',
      (cluster) =>
        (cluster.states = [
          {
            phase: 'Failed',
            initContainerStatuses: [
              { name: 'pgusher-restore', state: { terminated: { exitCode: 1, message: 'damaged' } } },
            ],
          },
        ]),
    ],
    ['exceeded quota', (cluster) => (cluster.createFails = true)],
  ])('that failed removes what it has made: %s', async (words, change) => {
    const cluster = new Cluster();
    change(cluster);
    await expect(drill(cluster, request())).rejects.toThrow(words);
    expect(cluster.done.at(-1)).toBe(removed);
  });

  it.each(['while it waits', 'while tables are read'])(
    'that is interrupted %s removes what it has made',
    async (when) => {
      const cluster = new Cluster();
      const controller = new AbortController();
      const interrupt = (): Promise<void> => {
        controller.abort(new Error('interrupted'));
        return Promise.resolve();
      };
      if (when === 'while it waits') cluster.states = [{}];
      else {
        const agent = cluster.agent;
        cluster.agent = (pod, args) => {
          void interrupt();
          return args[0] === 'read-tables' ? new Promise(() => undefined) : agent(pod, args);
        };
      }
      await expect(drill(cluster, request({ signal: controller.signal, pause: interrupt }))).rejects.toThrow(
        'interrupted',
      );
      expect(cluster.done.at(-1)).toBe(removed);
    },
  );

  it('that the webhook refuses makes nothing', async () => {
    const cluster = new Cluster();
    cluster.denied = 'denied: fsync-off';
    await expect(drill(cluster, request())).rejects.toThrow('denied: fsync-off');
    expect(cluster.done).toEqual([]);
  });
});

describe('a pod that is there already', () => {
  const left = (age: number, labels: JsonObject, phase = 'Running'): JsonObject => ({
    metadata: { labels, creationTimestamp: new Date(Date.parse('2026-11-30T12:00:00Z') - age * 1000).toISOString() },
    spec: { activeDeadlineSeconds: 600 },
    status: { phase },
  });
  const ours = { 'postgres.io/drill-of': 'orders' };

  it.each<readonly [string, JsonObject, string]>([
    ['of somebody else', left(5, {}), 'a pod orders-drill-0 is there, and it is none of a drill'],
    ['of a drill that goes on', left(5, ours), 'a drill of orders is under way since 5 s (pod orders-drill-0)'],
  ])('%s is left alone', async (_, pod, words) => {
    const cluster = new Cluster();
    cluster.there = pod;
    await expect(drill(cluster, request())).rejects.toThrow(words);
    expect(cluster.done).toEqual([]);
  });

  it.each<readonly [string, JsonObject]>([
    ['has ended', left(5, ours, 'Failed')],
    ['is older than it may become', left(601, ours)],
  ])('of a drill that %s is removed', async (_, pod) => {
    const cluster = new Cluster();
    cluster.there = pod;
    expect((await drill(cluster, request())).ok).toBe(true);
    expect(cluster.done.slice(0, 2)).toEqual([removed, 'create 1']);
  });
});
