import { describe, expect, it } from 'vitest';
import { promote, recordPrimary } from '../../src/commands/promotion.ts';
import { eventually } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { Agent } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { PromotionOnLoopback } from './support/promotion-on-loopback.ts';
import { replicaSet, untilKept, untilReplicationRole } from './support/replica-set.ts';

const pod = podsOfEachTest();
const withoutBackups = { contract: { backup: null, store: null } };

interface Running {
  readonly cluster: PromotionOnLoopback;
  readonly server: (name: string) => PostgresServer;
  readonly request: { pod: string | null; fence: boolean; dryRun: boolean };
  readonly run: (changes?: Partial<Running['request']>) => Promise<string[]>;
  readonly output: () => string;
  readonly standbyAgent: Agent;
}

/** A primary and a standby that streams, each with its agent. */
async function two(label: string): Promise<Running> {
  const set = await replicaSet(pod, label, 2);
  const servers = new Map([['orders-0', await set.start(0)]]);
  const zero = await set.agent(0, withoutBackups);
  const server = (name: string): PostgresServer => {
    const found = servers.get(name);
    if (found === undefined) {
      throw new Error(`${name} does not run`);
    }
    return found;
  };
  const output = (): string => [...servers.values()].map((one) => one.log()).join('\n') + zero.output();
  await untilReplicationRole(server('orders-0'), output);
  await server('orders-0').sql('CREATE TABLE kept (n int)');
  expect((await set.restore(1)).reason).toBe('');
  servers.set('orders-1', await set.start(1));
  const standbyAgent = await set.agent(1, withoutBackups);
  const cluster = new PromotionOnLoopback(set, servers);
  const request = { pod: null, fence: false, dryRun: false };
  return {
    cluster,
    server,
    request,
    output,
    standbyAgent,
    run: async (changes) => {
      const said: string[] = [];
      await promote(cluster, {
        set: 'orders',
        now: () => new Date(),
        say: (line) => said.push(line),
        ...request,
        ...changes,
      }).finally(() => {
        cluster.close();
      });
      return said;
    },
  };
}

async function untilFollows(running: Running, standby: string, primary: string): Promise<void> {
  await eventually(
    `${standby} follows ${primary}`,
    async () =>
      (
        await running
          .server(primary)
          .sql("SELECT FROM pg_stat_replication WHERE state = 'streaming' AND application_name = $1", [standby])
          .catch(() => [])
      ).length === 1,
    running.output,
  );
}

describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('pgusher promote', () => {
  it('refuses beside a primary that answers; cut off before any of its steps and run again it ends in the same state, back and forth', async () => {
    const running = await two('promote');
    const { cluster, server, run } = running;
    cluster.services.set('orders-rw', 'orders-0');
    cluster.services.set('orders-debug', 'orders-7');
    await expect(run()).rejects.toThrow(
      /^orders-0 takes writes; two primaries lose rows\. Wanted: it stopped first, or --fence/,
    );
    await expect(run({ pod: 'orders-9', fence: true })).rejects.toThrow(
      'there is no pod orders-9 in orders; wanted one of orders-0, orders-1',
    );
    expect(cluster.changes).toEqual([]);
    expect(await run({ fence: true, dryRun: true })).toEqual([
      'would: write down that orders-1 is being promoted',
      'would: fence orders-0: its server stops, and takes no writes when it starts again',
      'would: promote orders-1 and wait for the first write',
      'would: write down that orders-1 is primary',
      'would: orders-0 follows orders-1',
      'would: Service orders-rw selects orders-1',
      'Service orders-debug selects orders-7: not touched',
      'would: base backup of orders-1 on its new timeline',
    ]);
    expect(cluster.changes).toEqual([]);

    const rows: number[] = [];
    let primary = 'orders-0';
    // Before each change once: intent, fence, stop, promote, record, follow, Service, backup.
    for (let step = 0; step < 8; step += 1) {
      const next = primary === 'orders-0' ? 'orders-1' : 'orders-0';
      rows.push(step);
      await untilFollows(running, next, primary);
      await server(primary).sql('INSERT INTO kept VALUES ($1)', [step]);
      cluster.changes.splice(0);
      cluster.dieAt = step;
      const error = await run({ fence: true }).then(
        () => '',
        (thrown: unknown) => String(thrown),
      );
      // What comes after the record is said and done again, not thrown.
      expect(error.includes('died before') || step >= 5).toBe(true);
      cluster.dieAt = null;
      await run({ fence: true, pod: next });
      expect(cluster.values).toMatchObject({ primary: next, timeline: String(step + 2) });
      expect(cluster.values).not.toHaveProperty('promoting');
      expect(cluster.services.get('orders-rw')).toBe(next);
      await untilKept(server(next), rows);
      await untilFollows(running, primary, next);
      await expect(server(primary).sql('INSERT INTO kept VALUES (99)')).rejects.toThrow('read-only');
      primary = next;
    }
    await untilKept(server('orders-1'), rows);
    await untilKept(server('orders-0'), rows);
  });

  it('promotes nobody who lacks what the fenced primary wrote, and the fenced one becomes primary again', async () => {
    const running = await two('lacks');
    const { server, run } = running;
    await untilFollows(running, 'orders-1', 'orders-0');
    await running.standbyAgent.kill();
    await server('orders-1').sql("ALTER SYSTEM SET primary_conninfo = ''");
    await server('orders-1').sql('SELECT pg_reload_conf()');
    await eventually(
      'it does not stream',
      async () => (await server('orders-0').sql('SELECT FROM pg_stat_replication')).length === 0,
      running.output,
    );
    await server('orders-0').sql('INSERT INTO kept VALUES (7)');
    await expect(run({ fence: true, pod: 'orders-1' })).rejects.toThrow(
      /^orders-0 has stopped at \S+ on timeline 1, and orders-1 has received up to \S+ on timeline 1 only: rows would be lost, so nobody was promoted, and orders-0 takes no writes now\. Wanted: `pgusher promote orders orders-0`/,
    );
    await expect(server('orders-0').sql('INSERT INTO kept VALUES (99)')).rejects.toThrow('read-only');
    await expect(server('orders-1').sql('INSERT INTO kept VALUES (99)')).rejects.toThrow('read-only');
    await run({ pod: 'orders-0' });
    await server('orders-0').sql('INSERT INTO kept VALUES (8)');
    await untilKept(server('orders-0'), [7, 8]);
  });

  it('writes down what was done by hand, and nothing that is not so', async () => {
    const running = await two('by-hand');
    const { cluster, server } = running;
    await untilFollows(running, 'orders-1', 'orders-0');
    const record = async (name: string): Promise<void> =>
      recordPrimary(cluster, {
        set: 'orders',
        pod: name,
        fence: false,
        dryRun: false,
        now: () => new Date(),
        say: () => undefined,
      }).finally(() => {
        cluster.close();
      });
    await expect(record('orders-1')).rejects.toThrow('orders-1 is a standby; wanted a primary');
    await server('orders-1').sql('SELECT pg_promote()');
    await expect(record('orders-1')).rejects.toThrow('orders-0 takes writes too (timeline 1); wanted one primary');
    await server('orders-0').stop();
    await expect(record('orders-0')).rejects.toThrow('orders-1 takes writes too (timeline 2)');
    await record('orders-1');
    expect(cluster.values).toMatchObject({ primary: 'orders-1', timeline: '2' });
  });
});
