import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataVolumePaths } from '../../src/agent/decision/data-volume-paths.ts';
import type { DataVolumePaths } from '../../src/agent/decision/data-volume-paths.ts';
import { readWalInventory } from '../../src/agent/store/wal-inventory.ts';
import { rebuild } from '../../src/commands/rebuilding.ts';
import { eventually, giveToServer, runAsServer } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { canMount, missingTools, requireTool } from '../support/tool.ts';
import { storeRootOf, untilProtected } from './support/backup-agent.ts';
import type { Agent, Pod } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import type { Volume } from './support/pods.ts';
import { PromotionOnLoopback } from './support/promotion-on-loopback.ts';
import { hasEverything, replicaSet, superuser, untilKept, untilReplicationRole } from './support/replica-set.ts';
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

interface Circumstances {
  readonly volume?: Volume;
  /** What pg_rewind wants of the old data; nothing: it cannot be rewound. */
  readonly rewindable?: 'checksums' | 'hints';
  /** `killed`: its server had no time for a checkpoint. */
  readonly end?: 'stopped' | 'killed';
  /** Its WAL is in the store. */
  readonly archived?: true;
  /** It is told to take no more writes, too late. */
  readonly fenced?: true;
}

/** orders-1 was promoted while orders-0 went on: both have a row that the other lacks, and orders-0 is down. */
async function diverged(
  label: string,
  { volume, rewindable, end, archived, fenced }: Circumstances = {},
): Promise<Diverged> {
  const set = await replicaSet((name, wanted) => pod(name, wanted ?? volume), label, 2);
  const [old] = set.pods as [Pod, Pod];
  if (rewindable === 'checksums') {
    runAsServer(requireTool('pg_checksums'), ['--enable', '--no-sync', old.dataDirectory]);
  }
  const server = await old.startServer({
    settings: rewindable === 'hints' ? { wal_log_hints: 'on' } : {},
  });
  const agent = await set.agent(0, archived ? {} : withoutBackups);
  await untilReplicationRole(server, () => agent.output());
  if (archived) {
    await untilProtected(agent);
  }
  await server.sql('CREATE TABLE kept (n int)');
  await server.sql('CREATE TABLE dropped AS SELECT generate_series(1, 1000) AS n');
  await server.sql('INSERT INTO kept VALUES (1)');
  expect((await set.restore(1)).reason).toBe('');
  const promoted = await set.start(1);
  await untilKept(promoted, [1]);
  if (end === 'killed' || archived) {
    // A segment between the last checkpoint that both have and the fork, which a server drops at its next checkpoint.
    const [at] = await server.sql<{ name: string; system: string }>(
      'SELECT pg_walfile_name(pg_switch_wal()) AS name, system_identifier::text AS system FROM pg_control_system()',
    );
    await server.sql('CREATE TABLE later ()');
    await eventually('the standby has everything', () => hasEverything(server, 'orders-1'));
    if (archived) {
      await eventually('the store has it', async () => {
        const { segments } = await readWalInventory(storeRootOf(old), at?.system ?? '');
        return segments.get(1)?.has(at?.name ?? '') === true;
      });
    }
  }
  await promoted.sql('SELECT pg_promote()');
  await promoted.sql('CHECKPOINT');
  await promoted.sql('INSERT INTO kept VALUES (2)');
  await server.sql('INSERT INTO kept VALUES (3)');
  await server.sql('DROP TABLE dropped');
  await server.sql('CREATE TABLE diverged AS SELECT generate_series(1, 1000) AS n');
  await (end === 'killed' ? server.kill() : server.stop());
  await agent.kill();
  if (fenced) {
    const signal = join(old.dataDirectory, 'standby.signal');
    writeFileSync(signal, '');
    giveToServer(signal);
  }
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
      }).finally(() => {
        cluster.close();
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
  it.each([
    {
      how: 'by a copy, since pg_rewind fails',
      // `postgres --single` does not recover a standby's data, and pg_rewind learns it in the midst.
      circumstances: { rewindable: 'checksums', end: 'killed', fenced: true },
      log: /not rewound, orders-1 is copied whole: pg_rewind said: .*standby mode is not supported by single-user servers/,
    },
    {
      how: 'by pg_rewind',
      circumstances: { rewindable: 'checksums', end: 'killed' },
      log: /rewound: \d+ MB came from orders-1/,
    },
  ] as const)(
    'makes an old primary that diverged a standby $how; killed at each step it ends the same, and the old data stays until the copy streams',
    async ({ circumstances, log }) => {
      const all = await diverged('rebuild', circumstances);
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
        expect.stringMatching(
          /^would: at its start: rewind a (copy|clone) of the old data to orders-1; where that fails, copy orders-1 beside it \(\d+ MB, of .* free\)$/,
        ),
        'would: at its start: move the old data aside, and the copy in its place',
        'would: at its start: remove the old data once the copy streams',
      ]);
      expect(cluster.changes).toEqual([]);
      expect(existsSync(paths.rebuildOrder)).toBe(false);

      const starts: string[] = [];
      let output = '';
      cluster.restarted = async () => {
        for (const killBefore of [
          `rm ${paths.staging}`,
          // Before the copy of the old data, and behind pg_rewind or pg_basebackup.
          `mkdir ${paths.staging}`,
          `writeFile ${join(paths.staging, 'postgresql.auto.conf')}`,
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
            environment: superuser,
            killBefore,
          });
          output += killed.output;
          starts.push(`${killed.signal ?? killed.output} ${databasesOn(old).length}`);
        }
        const whole = await set.restore(0);
        starts.push(whole.reason === '' ? `whole ${databasesOn(old).length}` : whole.output);
        expect(existsSync(paths.rebuildOrder)).toBe(false);
        await startAnew(all);
      };
      const said = await run();
      expect(starts).toEqual([
        ...Array.from({ length: 6 }, () => 'SIGKILL 1'),
        ...['SIGKILL 2', 'SIGKILL 2', 'whole 2'],
      ]);
      expect(output).toMatch(log);
      expect(said.at(-1)).toBe('orders-0: it streams, and the old data is removed');
      expect(databasesOn(old)).toEqual([old.dataDirectory]);
      await promoted.sql('INSERT INTO kept VALUES (4)');
      const follower = cluster.servers.get('orders-0') as PostgresServer;
      await untilKept(follower, [1, 2, 4]);
      await expect(follower.sql('INSERT INTO kept VALUES (9)')).rejects.toThrow('read-only');
      expect(
        await follower.sql("SELECT count(*)::int AS rows, to_regclass('diverged') AS diverged FROM dropped"),
      ).toEqual([{ rows: 1000, diverged: null }]);

      // Done once: the next start is that of any standby.
      await follower.stop();
      runAsServer(requireTool('pg_checksums'), ['--check', old.dataDirectory]);
      const again = await set.restore(0);
      expect(again.output).toContain('"action":"start"');
      expect(again.output).not.toContain('rebuilding');

      // A primary that is away is no reason to give anything up.
      await promoted.stop();
      cluster.changes.splice(0);
      await expect(run()).rejects.toThrow('the primary orders-1 does not answer; wanted it running');
      expect(cluster.changes).toEqual([]);
    },
  );

  describe.skipIf(!canMount())('with data that may go', () => {
    it.each([
      {
        how: 'copies where there is no room for both, and asks for it before',
        circumstances: { volume: 110 },
        steps: [
          /^at its start: remove the old data$/,
          /^at its start: copy orders-1 \(\d+ MB\)$/,
          /^no pg_rewind: the old data has neither data checksums nor wal_log_hints, /,
        ],
        killBefore: ({ replaced }: DataVolumePaths) => `rm ${replaced}`,
        log: /the old data is removed, as --discard says/,
      },
      {
        how: 'rewinds the old data itself',
        circumstances: { rewindable: 'hints', archived: true },
        steps: [
          /^at its start: rewind the old data itself to orders-1; where that fails, remove it, and copy orders-1 \(/,
        ],
        killBefore: ({ replaced }: DataVolumePaths) => `mkdir ${replaced}`,
        log: /rewound: \d+ MB came from orders-1/,
      },
    ] as const)('with --discard $how', async ({ circumstances, steps, killBefore, log }) => {
      const all = await diverged('rebuild-room', circumstances);
      const { set, cluster, old, promoted, run } = all;
      await cluster.writeRecord({ primary: 'orders-1', timeline: '2', since: '2026-11-21T06:00:00Z' }, null);
      cluster.changes.splice(0);
      if ('volume' in circumstances) {
        await expect(run()).rejects.toThrow(
          /^there is no room for both: a copy of orders-1 takes \d+ MB, and the data volume of orders-0 has \d+ MB free\. Wanted: a larger volume, or `pgusher rebuild orders-0 --discard`/,
        );
      }
      expect(cluster.changes).toEqual([]);
      expect(databasesOn(old)).toEqual([old.dataDirectory]);
      let output = '';
      cluster.restarted = async () => {
        const killed = await runRestoreProcess(old, set.contract(0), {
          pod: 'orders-0',
          liveSettings: old.liveSettings,
          ports: set.ports,
          environment: superuser,
          killBefore: killBefore(dataVolumePaths(old.dataMount)),
        });
        expect(killed.signal).toBe('SIGKILL');
        const whole = await set.restore(0);
        expect(whole.reason).toBe('');
        output = killed.output + whole.output;
        await startAnew(all);
      };
      const said = await run({ discard: true });
      expect(said).toEqual(expect.arrayContaining(steps.map((step) => expect.stringMatching(step) as string)));
      expect(output).toMatch(log);
      await promoted.sql('INSERT INTO kept VALUES (4)');
      await untilKept(cluster.servers.get('orders-0') as PostgresServer, [1, 2, 4]);
      expect(databasesOn(old)).toEqual([old.dataDirectory]);
    });
  });
});
