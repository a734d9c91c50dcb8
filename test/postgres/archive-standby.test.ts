import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentContract } from '../../src/agent/contract.ts';
import { promote } from '../../src/commands/promotion.ts';
import { eventually, runAsServer } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import type { Agent, Pod } from './support/backup-agent.ts';
import { untilProtected, untilReceived } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import { PromotionOnLoopback } from './support/promotion-on-loopback.ts';
import { serveWal } from './support/recovery.ts';
import { replicaSet, untilKept, untilReplicationRole } from './support/replica-set.ts';
import { WholePod } from './support/whole-pod.ts';

const pod = podsOfEachTest();
const pods: WholePod[] = [];

afterEach(async () => {
  for (const one of pods.splice(0)) {
    await one.crash();
  }
});

interface Source {
  readonly origin: WholePod;
  readonly server: PostgresServer;
}

/** The set `orders`: one server, protected. */
async function source(label: string): Promise<Source> {
  const origin = new WholePod(await pod(label));
  pods.push(origin);
  expect((await origin.start()).reason).toBe('');
  const server = serverOf(origin);
  // Copied with the database: a standby asks the store this often.
  await server.sql("ALTER SYSTEM SET wal_retrieve_retry_interval = '200ms'");
  await untilProtected(origin.agent as Agent);
  await server.sql('CREATE TABLE kept (n int)');
  await server.sql('INSERT INTO kept VALUES (1)');
  return { origin, server };
}

/** The set `reports`, which has nothing but the store of `orders` to follow, and a store of its own. */
async function reports({ origin }: Source): Promise<{
  standby: WholePod;
  contract: Partial<AgentContract>;
  /** Whether the claim of the other set can be read in this pod. */
  mounted: (is: boolean) => void;
}> {
  const two = await pod('reports', 'empty');
  const standby = new WholePod(two, 'reports-0', { 'reports-0': two.port });
  pods.push(standby);
  const mount = join(two.directory, 'source');
  const mounted = (is: boolean): void => {
    rmSync(mount, { force: true });
    if (is) {
      symlinkSync(origin.pod.storeMount, mount);
    }
  };
  mounted(true);
  return {
    standby,
    mounted,
    contract: {
      set: 'reports',
      role: 'standby',
      primary: null,
      store: { mount: two.storeMount, prefix: 'shop/reports' },
      source: { mount, prefix: 'shop/orders' },
    },
  };
}

function serverOf({ server }: WholePod): PostgresServer {
  if (server === null) {
    throw new Error('its server does not run');
  }
  return server;
}

async function untilSays(agent: Agent | null, words: string | RegExp): Promise<void> {
  await eventually(
    `it says ${String(words)}`,
    async () => ((await agent?.get('/readyz'))?.body ?? '').match(words) !== null,
    () => agent?.output() ?? '',
  );
}

/** The numbers in `kept`, once it has at least two. */
async function keptBy(server: PostgresServer): Promise<readonly number[]> {
  let found: readonly number[] = [];
  await eventually(
    'the server has what was finished',
    async () => {
      const rows = await server.sql<{ n: number }>('SELECT n FROM kept ORDER BY n').catch(() => []);
      found = rows.map(({ n }) => n);
      return found.length >= 2;
    },
    () => server.log(),
  );
  return found;
}

/** The exit code of the server's readiness probe, and what it says. */
function ready(standby: WholePod): string {
  const { pod: two } = standby;
  const probe = spawnSync('sh', [join(two.shared, 'bin/ready.sh'), String(two.port)], {
    encoding: 'utf8',
    env: {
      PATH: `${dirname(requireTool('pg_isready'))}:/usr/bin:/bin`,
      PGDATA: two.dataDirectory,
      POSTGRES_PASSWORD: 'secret',
    },
  });
  return `${probe.status ?? 'none'}${probe.stderr}`;
}

describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('a standby of an archive', () => {
  it('is restored from the store of another set, replays what comes there, takes no writes, and waits while the store is away', async () => {
    const orders = await source('orders');
    const { standby, contract, mounted } = await reports(orders);
    expect((await standby.startStandby(contract)).reason).toBe('');
    expect(readFileSync(join(standby.pod.shared, 'decision'), 'utf8')).toMatch(/^action=restored\nrole=standby\n/);
    await untilKept(serverOf(standby), [1]);
    // From the segment that is being received, and from finished ones.
    await orders.server.sql('INSERT INTO kept VALUES (2)');
    await untilKept(serverOf(standby), [1, 2]);
    await orders.server.sql('SELECT pg_switch_wal()');
    await orders.server.sql('INSERT INTO kept VALUES (3)');
    await untilKept(serverOf(standby), [1, 2, 3]);
    await expect(serverOf(standby).sql('INSERT INTO kept VALUES (99)')).rejects.toThrow('read-only');
    expect(existsSync(join(standby.pod.storeMount, 'shop/reports/STORE.json'))).toBe(false);
    expect(ready(standby)).toBe('0');

    // The source is idle from here on, and the standby is not behind.
    const idleSince = Date.now();
    await eventually(
      'it has all of a time at which nothing was written',
      async () =>
        ((await standby.agent?.metric('pgusher_archive_replayed_through_timestamp_seconds')) ?? 0) * 1000 > idleSince,
      () => standby.agent?.output() ?? '',
    );
    expect((await standby.agent?.get('/'))?.body).toMatch(/has all that was committed there up to 20\S+Z, \d+ s ago/);

    // The store is away when the pod starts anew: it serves what it has, and with its data lost it initialises nothing.
    await standby.crash();
    mounted(false);
    expect((await standby.startStandby(contract)).reason).toBe('');
    await untilSays(standby.agent, 'standby: the backups that are followed cannot be read');
    // All of the finished segments. Of the unfinished one its own copy may be gone (docs/standbys.md), until the store is back.
    expect([
      [1, 2],
      [1, 2, 3],
    ]).toContainEqual(await keptBy(serverOf(standby)));
    expect(ready(standby)).toBe('0');
    await expect(serverOf(standby).sql('INSERT INTO kept VALUES (99)')).rejects.toThrow('read-only');
    await standby.crash();
    standby.lose('data');
    expect((await standby.startStandby(contract)).reason).toMatch(
      /^postgres\.io\/restore-from: nothing can be restored from there: nothing is mounted at /,
    );

    // The store is back, and the other set has meanwhile been restored itself: a timeline later. Restored again, as a standby.
    mounted(true);
    expect((await standby.startStandby(contract)).reason).toBe('');
    await untilKept(serverOf(standby), [1, 2, 3]);
    await orders.origin.stop();
    orders.origin.lose('data');
    expect((await orders.origin.start()).reason).toBe('');
    await serverOf(orders.origin).sql('INSERT INTO kept VALUES (4)');
    await untilKept(serverOf(standby), [1, 2, 3, 4]);
    expect(await serverOf(standby).sql('SELECT pg_is_in_recovery() AS is')).toEqual([{ is: true }]);
  });

  it('is promoted by pgusher promote without the store that it followed; the other pod follows it, and both stay what they are', async () => {
    const orders = await source('followed');
    const mount = join(orders.origin.pod.directory, 'followed');
    symlinkSync(orders.origin.pod.storeMount, mount);
    const set = await replicaSet(pod, 'reports', 2, {
      role: 'standby',
      primary: null,
      source: { mount, prefix: 'shop/orders' },
    });
    const [zero, one] = set.pods as [Pod, Pod];
    zero.loseVolume();
    const servers = new Map<string, PostgresServer>();
    const serverAt = (ordinal: number): PostgresServer => servers.get(`orders-${ordinal}`) as PostgresServer;
    const services: ChildProcess[] = [];
    let beside: Agent | undefined;
    try {
      for (const [ordinal, { shared, liveSettings }] of set.pods.entries()) {
        expect((await set.restore(ordinal)).reason).toBe('');
        services.push(await serveWal(shared, set.contract(ordinal), { liveSettings, pod: `orders-${ordinal}` }));
        beside = await set.agent(ordinal);
        servers.set(`orders-${ordinal}`, await set.start(ordinal));
        await untilKept(serverAt(ordinal), [1]);
      }
      await orders.origin.crash();
      rmSync(mount);
      const cluster = new PromotionOnLoopback(set, servers);
      await promote(cluster, {
        set: 'orders',
        pod: 'orders-1',
        fence: false,
        dryRun: false,
        now: () => new Date(),
        say: () => undefined,
      });
      cluster.close();
      await serverAt(1).sql('INSERT INTO kept VALUES (2)');
      await untilKept(serverAt(0), [1, 2]);
      await untilProtected(beside as Agent);
      for (const { dataDirectory } of set.pods) {
        expect(readFileSync(join(dataDirectory, 'postgresql.auto.conf'), 'utf8')).not.toMatch(/^restore_command/m);
      }

      await Promise.all([0, 1].map(async (ordinal) => serverAt(ordinal).stop()));
      symlinkSync(orders.origin.pod.storeMount, mount);
      expect((await set.restore(1)).reason).toBe('');
      expect(readFileSync(join(one.shared, 'decision'), 'utf8')).toMatch(/^action=start\nrole=primary\n/);
      servers.set('orders-1', await set.start(1));
      await serverAt(1).sql('INSERT INTO kept VALUES (3)');
      expect((await set.restore(0)).reason).toBe('');
      servers.set('orders-0', await set.start(0));
      await untilKept(serverAt(0), [1, 2, 3]);

      // Nobody wrote it down: what it has says what it is. With its data lost the backups of its own do.
      await Promise.all([0, 1].map(async (ordinal) => serverAt(ordinal).stop()));
      set.record(null);
      rmSync(join(one.shared, 'primary-order'), { force: true });
      expect((await set.restore(1)).output).toContain(
        'PGDATA was promoted to timeline 2 and no record says who is primary: this one is',
      );
      expect(readFileSync(join(one.shared, 'decision'), 'utf8')).toMatch(/^action=start\nrole=primary\n/);
      one.loseVolume();
      expect((await set.restore(1)).reason).toMatch(
        /^PGDATA is empty and postgres\.io\/role is "standby", but the set's own store holds \d+ base backups: this standby was promoted/,
      );
    } finally {
      for (const service of services) {
        service.kill('SIGKILL');
      }
    }
  });

  it('streams again though its primary has recycled the WAL that it needs: from the store of its own set, or of the one that it follows', async () => {
    const shared: { store?: AgentContract['store'] } = {};
    const set = await replicaSet(pod, 'behind', 3, shared);
    const [zero, one, two] = set.pods as [Pod, Pod, Pod];
    shared.store = zero.contract.store;
    const primary = await zero.startServer({ settings: { max_wal_size: '32MB', min_wal_size: '32MB' } });
    const agent = await set.agent(0);
    await untilReplicationRole(primary, () => agent.output());
    await primary.sql("ALTER SYSTEM SET wal_retrieve_retry_interval = '200ms'");
    await untilProtected(agent);
    await primary.sql('CREATE TABLE kept (n int)');
    expect((await set.restore(1)).reason).toBe('');
    await (await set.start(1)).stop();
    // A standby of another set, which has got as far.
    runAsServer('cp', ['-a', one.dataDirectory, two.dataDirectory]);
    const reports: AgentContract = {
      ...set.contract(2),
      set: 'reports',
      role: 'standby',
      service: null,
      store: two.contract.store,
      source: zero.contract.store,
    };

    await primary.sql("SELECT pg_drop_replication_slot('pgusher_orders_1')");
    for (const n of [1, 2, 3, 4]) {
      await primary.sql(`INSERT INTO kept VALUES (${n})`);
      await primary.sql('SELECT pg_switch_wal()');
    }
    await eventually(
      'the primary has recycled the segments of these rows',
      async () => {
        await primary.sql('CHECKPOINT');
        const [row] = await primary.sql<{ oldest: string }>(
          "SELECT min(name) AS oldest FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'",
        );
        const [last] = await primary.sql<{ current: string }>(
          'SELECT pg_walfile_name(pg_current_wal_lsn()) AS current',
        );
        return (row?.oldest ?? '') >= (last?.current ?? 'G');
      },
      () => primary.log(),
    );
    await untilReceived(primary, agent);

    for (const [standby, contract, name] of [
      [one, set.contract(1), 'orders-1'],
      [two, reports, 'reports-0'],
    ] as const) {
      const places = { pod: name, liveSettings: standby.liveSettings, ports: set.ports };
      expect((await runRestoreProcess(standby, contract, places)).reason).toBe('');
      const service = await serveWal(standby.shared, contract, { liveSettings: standby.liveSettings, pod: name });
      try {
        const server = await standby.startServer();
        await untilKept(server, [1, 2, 3, 4]);
        await eventually(
          `${name} streams, with a slot`,
          async () =>
            (
              await primary.sql(
                "SELECT FROM pg_stat_replication AS r JOIN pg_replication_slots AS s ON s.active_pid = r.pid WHERE r.state = 'streaming' AND r.application_name = $1",
                [name],
              )
            ).length === 1,
          () => server.log(),
        );
        expect(server.log()).toMatch(/restored log file "\w+" from archive/);
      } finally {
        service.kill('SIGKILL');
      }
    }
    await primary.sql('INSERT INTO kept VALUES (5)');
    for (const standby of [one, two]) {
      expect(readFileSync(join(standby.dataDirectory, 'postgresql.auto.conf'), 'utf8')).toMatch(
        /^restore_command = 'sh \S+restore-command\.sh %f %p 60 standby'$/m,
      );
    }
  });
});
