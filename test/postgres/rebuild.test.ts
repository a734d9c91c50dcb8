import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataVolumePaths } from '../../src/agent/decision/data-volume-paths.ts';
import { rebuild } from '../../src/commands/rebuilding.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import type { Agent, Pod } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import type { Volume } from './support/pods.ts';
import { PromotionOnLoopback } from './support/promotion-on-loopback.ts';
import { replicaSet, untilKept, untilReplicationRole } from './support/replica-set.ts';
import type { ReplicaSet } from './support/replica-set.ts';

const pod = podsOfEachTest();
const withoutBackups = { contract: { backup: null, store: null } };

interface Diverged {
  readonly set: ReplicaSet;
  readonly cluster: PromotionOnLoopback;
  readonly old: Pod;
  readonly promoted: PostgresServer;
  readonly run: (changes?: { pod?: string; discard?: boolean; dryRun?: boolean }) => Promise<string[]>;
}

/** orders-1 was promoted while orders-0 went on: both have a row that the other lacks, and orders-0 is down. */
async function diverged(label: string, volume?: Volume): Promise<Diverged> {
  const set = await replicaSet((name, wanted) => pod(name, wanted ?? volume), label, 2);
  const [old] = set.pods as [Pod, Pod];
  const server = await set.start(0);
  const agent = await set.agent(0, withoutBackups);
  await untilReplicationRole(server, () => agent.output());
  await server.sql('CREATE TABLE kept (n int)');
  await server.sql('INSERT INTO kept VALUES (1)');
  expect((await set.restore(1)).reason).toBe('');
  const promoted = await set.start(1);
  await untilKept(promoted, [1]);
  await promoted.sql('SELECT pg_promote()');
  await promoted.sql('INSERT INTO kept VALUES (2)');
  await server.sql('INSERT INTO kept VALUES (3)');
  await server.stop();
  await agent.kill();
  const cluster = new PromotionOnLoopback(set, new Map([['orders-1', promoted]]));
  return {
    set,
    cluster,
    old,
    promoted,
    run: async (changes) => {
      const said: string[] = [];
      await rebuild(cluster, {
        pod: 'orders-0',
        discard: false,
        dryRun: false,
        say: (line) => said.push(line),
        pause: () => new Promise((resolve) => setTimeout(resolve, 100)),
        ...changes,
      });
      return said;
    },
  };
}

/** What the kubelet does with a pod that was made again. */
async function startAnew({ set, cluster }: Diverged): Promise<Agent> {
  cluster.servers.set('orders-0', await set.start(0));
  return set.agent(0, withoutBackups);
}

function databasesOn({ dataMount, dataDirectory }: Pod): string[] {
  const { replaced } = dataVolumePaths(dataMount);
  const aside = existsSync(replaced) ? readdirSync(replaced).map((id) => join(replaced, id)) : [];
  return [dataDirectory, ...aside].filter((directory) => existsSync(join(directory, 'global/pg_control')));
}

describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('pgusher rebuild', () => {
  it('makes an old primary that diverged a standby; killed at each step it ends the same, and the old data stays until the copy streams', async () => {
    const all = await diverged('rebuild');
    const { set, cluster, old, promoted, run } = all;
    const paths = dataVolumePaths(old.dataMount);

    await expect(run()).rejects.toThrow('no record says who is primary of orders; nobody');
    await cluster.writeRecord({ primary: 'orders-1', timeline: '2', since: '2026-11-21T06:00:00Z' }, null);
    const stopped = await set.restore(0);
    expect(stopped.code).toBe(1);
    expect(stopped.reason).toMatch(
      /PGDATA here cannot follow it: .*Wanted: a copy of orders-1: `pgusher rebuild orders-0`$/,
    );

    cluster.changes.splice(0);
    await expect(run({ pod: 'orders-1' })).rejects.toThrow('the record says that orders-1 is the primary');
    await expect(run({ pod: 'orders-7' })).rejects.toThrow(
      'there is no pod orders-7; wanted one of orders-0, orders-1',
    );
    await expect(run({ pod: 'orders' })).rejects.toThrow('wanted <set>-<number>');
    const steps = await run({ dryRun: true });
    expect(steps).toEqual([
      'would: leave the order with orders-0',
      'would: delete pod orders-0: its set makes it again',
      expect.stringMatching(/^would: at its start: copy orders-1 beside the old data \(\d+ MB, of .* free\)$/),
      'would: at its start: move the old data aside, and the copy in its place',
      'would: at its start: remove the old data once the copy streams',
    ]);
    expect(cluster.changes).toEqual([]);
    expect(existsSync(paths.rebuildOrder)).toBe(false);

    const starts: string[] = [];
    cluster.restarted = async () => {
      for (const killBefore of [
        `rm ${paths.staging}`,
        `mkdir ${paths.replaced}`,
        `rename ${old.dataDirectory}`,
        `rename ${paths.staging}`,
        `rm ${paths.rebuildOrder}`,
        `rm ${paths.replacing}`,
      ]) {
        const killed = await runRestoreProcess(old, set.contract(0), {
          pod: 'orders-0',
          liveSettings: old.liveSettings,
          ports: set.ports,
          killBefore,
        });
        starts.push(`${killed.signal ?? killed.output} ${databasesOn(old).length}`);
      }
      const whole = await set.restore(0);
      starts.push(whole.reason === '' ? `whole ${databasesOn(old).length}` : whole.output);
      expect(existsSync(paths.rebuildOrder)).toBe(false);
      await startAnew(all);
    };
    const said = await run();
    expect(starts).toEqual(['SIGKILL 1', 'SIGKILL 1', 'SIGKILL 1', 'SIGKILL 1', 'SIGKILL 2', 'SIGKILL 2', 'whole 2']);
    expect(said.at(-1)).toBe('orders-0: it streams, and the old data is removed');
    expect(databasesOn(old)).toEqual([old.dataDirectory]);
    await promoted.sql('INSERT INTO kept VALUES (4)');
    const follower = cluster.servers.get('orders-0') as PostgresServer;
    await untilKept(follower, [1, 2, 4]);
    await expect(follower.sql('INSERT INTO kept VALUES (9)')).rejects.toThrow('read-only');

    // Done once: the next start is that of any standby.
    await follower.stop();
    const again = await set.restore(0);
    expect(again.output).toContain('"action":"start"');
    expect(again.output).not.toContain('rebuilding');

    // A primary that is away is no reason to give anything up.
    await promoted.stop();
    cluster.changes.splice(0);
    await expect(run()).rejects.toThrow('the primary orders-1 does not answer; wanted it running');
    expect(cluster.changes).toEqual([]);
  });

  it.skipIf(!canMount())(
    'asks for --discard where there is no room for both, and then copies all the same',
    async () => {
      const all = await diverged('rebuild-room', 110);
      const { set, cluster, old, promoted, run } = all;
      await cluster.writeRecord({ primary: 'orders-1', timeline: '2', since: '2026-11-21T06:00:00Z' }, null);
      cluster.changes.splice(0);
      await expect(run()).rejects.toThrow(
        /^there is no room for both: a copy of orders-1 takes \d+ MB, and the data volume of orders-0 has \d+ MB free\. Wanted: a larger volume, or `pgusher rebuild orders-0 --discard`/,
      );
      expect(cluster.changes).toEqual([]);
      expect(databasesOn(old)).toEqual([old.dataDirectory]);
      const paths = dataVolumePaths(old.dataMount);
      cluster.restarted = async () => {
        const killed = await runRestoreProcess(old, set.contract(0), {
          pod: 'orders-0',
          liveSettings: old.liveSettings,
          ports: set.ports,
          killBefore: `rm ${paths.replaced}`,
        });
        expect(killed.signal).toBe('SIGKILL');
        expect((await set.restore(0)).reason).toBe('');
        await startAnew(all);
      };
      await run({ discard: true });
      await promoted.sql('INSERT INTO kept VALUES (4)');
      await untilKept(cluster.servers.get('orders-0') as PostgresServer, [1, 2, 4]);
      expect(databasesOn(old)).toEqual([old.dataDirectory]);
    },
  );
});
