import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asServerUser, eventually, giveToServer } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { Agent, Pod } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { replicaSet, untilKept, untilReplicationRole } from './support/replica-set.ts';
import type { ReplicaSet } from './support/replica-set.ts';

const pod = podsOfEachTest();

/** Ordinal 0 with the replication role, made by an agent without backups, and one row. */
async function withPrimary(label: string): Promise<{ set: ReplicaSet; server: PostgresServer; agent: Agent }> {
  const set = await replicaSet(pod, label, 2);
  const server = await set.start(0);
  const agent = await set.agent(0, { contract: { backup: null, store: null } });
  await untilReplicationRole(server, () => agent.output());
  await server.sql('CREATE TABLE kept (n int)');
  await server.sql('INSERT INTO kept VALUES (1)');
  return { set, server, agent };
}

/** Who streams with it is sent away first, and a slot is active until that one has gone. */
async function dropSlot(server: PostgresServer): Promise<void> {
  await eventually(
    'the slot is dropped',
    async () =>
      server
        .sql(
          "SELECT pg_terminate_backend(active_pid), pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'pgusher_orders_1'",
        )
        .then(
          (dropped) => dropped.length === 1,
          () => false,
        ),
    () => server.log(),
  );
}

function decision({ shared }: Pod): string {
  return readFileSync(join(shared, 'decision'), 'utf8').split('\n').slice(0, 2).join(' ');
}

/** What the kubelet would run; needs the scripts that \`restore\` has put there. */
function readiness({ shared, port }: Pod): { status: number | null; words: string } {
  const { status, stderr } = spawnSync('sh', [join(shared, 'bin/ready.sh'), String(port)], {
    ...asServerUser(),
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', POSTGRES_PASSWORD: 'secret' },
  });
  return { status, words: stderr.trim() };
}

async function untilStreams(primary: PostgresServer, standby: string, output: () => string): Promise<void> {
  await eventually(
    `${standby} streams with its slot`,
    async () =>
      (
        await primary.sql(
          "SELECT FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid WHERE r.state = 'streaming' AND s.slot_name = $1",
          [standby],
        )
      ).length === 1,
    output,
  );
}

describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('a promoted standby', () => {
  it('stays primary when its pod restarts; the old primary never takes writes again and becomes its standby', async () => {
    const { set, server, agent } = await withPrimary('promoted');
    const [zero, one] = set.pods as [Pod, Pod];
    expect((await set.restore(1)).reason).toBe('');
    let promoted = await set.start(1);
    // The row came with the copy; what the old primary writes as it stops comes by the stream alone, and without it the two diverge.
    await untilKept(promoted, [1]);
    await untilStreams(server, 'pgusher_orders_1', () => promoted.log());
    await server.stop();
    await agent.kill();
    await promoted.sql('SELECT pg_promote()');
    await promoted.sql('INSERT INTO kept VALUES (2)');

    // Its pod restarts, and nobody wrote anything down.
    await promoted.stop();
    const again = await set.restore(1);
    expect(again.output).toContain('PGDATA was promoted to timeline 2 and no record says who is primary: this one is');
    expect(decision(one)).toBe('action=start role=primary');
    promoted = await set.start(1);
    await promoted.sql('INSERT INTO kept VALUES (3)');

    // The old one, with its volume: down, until it is written down who is primary.
    const old = await set.restore(0);
    expect(old.code).toBe(1);
    expect(old.reason).toContain('orders-1 runs timeline 2 of the same database: it was promoted');
    set.record('orders-1', 2);
    expect((await set.restore(0)).reason).toBe('');
    expect(decision(zero)).toBe('action=start role=standby');
    let follower = await set.start(0);
    await untilKept(follower, [1, 2, 3]);
    await untilStreams(promoted, 'pgusher_orders_0', () => follower.log());
    await expect(follower.sql('INSERT INTO kept VALUES (9)')).rejects.toThrow('read-only');
    await follower.stop();

    // Without its volume: a copy of the promoted one, with the record and without, and never an older timeline.
    for (const record of ['orders-1', null]) {
      set.record(record, 2);
      zero.loseVolume();
      expect((await set.restore(0)).code).toBe(0);
      expect(decision(zero)).toBe('action=copied role=standby');
    }
    follower = await set.start(0);
    await untilKept(follower, [1, 2, 3]);
    await follower.stop();

    // And while nobody can be asked: it waits, and initialises nothing.
    await promoted.stop();
    zero.loseVolume();
    set.record('orders-1', 2);
    const alone = await set.restore(0);
    expect(alone.reason).toMatch(/^the primary 127\.0\.0\.1:\d+ could not be copied/);
    expect(() => readFileSync(join(zero.dataDirectory, 'PG_VERSION'))).toThrow('ENOENT');
  });
});

describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('a standby', () => {
  it('gets its slot back, follows a rotated Secret while it streams, and follows the record to another primary', async () => {
    const { set, server, agent } = await withPrimary('slot');
    const [zero, one] = set.pods as [Pod, Pod];
    expect((await set.restore(1)).reason).toBe('');
    const standby = await set.start(1);
    const beside = await set.agent(1, { contract: { backup: null, store: null } });
    await untilStreams(server, 'pgusher_orders_1', () => standby.log());
    const streams = (): Promise<number> => beside.metric('pgusher_standby_streaming');
    await eventually(
      'its agent sees it stream',
      async () => (await streams()) === 1,
      () => beside.output(),
    );
    expect(await beside.metric('pgusher_server_standby')).toBe(1);

    // Dropped while it was away.
    await standby.stop();
    await eventually(
      'its agent sees that it does not',
      async () => (await streams()) === 0,
      () => beside.output(),
    );
    expect(await beside.metric('pgusher_server_standby')).toBe(1);
    await dropSlot(server);
    await server.sql('INSERT INTO kept VALUES (2)');
    expect((await set.restore(1)).reason).toBe('');
    const back = await set.start(1);
    await untilStreams(server, 'pgusher_orders_1', () => back.log());
    await untilKept(back, [1, 2]);

    // Dropped under it.
    await dropSlot(server);
    await untilStreams(server, 'pgusher_orders_1', () => back.log() + beside.output());

    // Another password, and then a connection that breaks.
    set.secret('a new one');
    await eventually(
      'the passfile has the new password',
      () => readFileSync(join(one.shared, 'secrets/replication.passfile'), 'utf8').includes('a new one'),
      () => beside.output(),
    );
    await eventually(
      'the role has it too',
      () => agent.output().split('brought in line').length > 2,
      () => agent.output(),
    );
    await server.sql('SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots');
    await server.sql('INSERT INTO kept VALUES (3)');
    await untilKept(back, [1, 2, 3]);
    expect(readiness(one)).toEqual({ status: 0, words: '' });

    // Promoted by hand beside a primary that goes on: rows that the other never has.
    await server.sql('INSERT INTO kept VALUES (4)');
    await untilKept(back, [1, 2, 3, 4]);
    await back.sql('SELECT pg_promote()');
    await server.sql('INSERT INTO kept VALUES (5)');
    await back.sql('INSERT INTO kept VALUES (6)');
    set.record('orders-1', 2);
    await server.stop();
    const diverged = await set.restore(0);
    expect(diverged.code).toBe(1);
    expect(diverged.reason).toMatch(
      /^the record says that orders-1 is primary since \S+, and PGDATA here cannot follow it: it holds WAL behind \S+, where the primary's timeline left this one\. Wanted: a copy of orders-1: `pgusher rebuild orders-0`$/,
    );

    // The same data started by other means: never Ready, and it says why.
    writeFileSync(join(zero.dataDirectory, 'standby.signal'), '');
    giveToServer(join(zero.dataDirectory, 'standby.signal'));
    writeFileSync(join(zero.shared, 'decision'), 'role=standby\n');
    const stale = await set.start(0);
    await eventually(
      'it is not ready',
      () => readiness(zero).status === 1,
      () => agent.output() + stale.log(),
    );
    expect(readiness(zero).words).toMatch(
      /^orders-1 left this server's timeline 1 at \S+, and this server has WAL behind that; wanted a new copy of orders-1, once the record names it: `pgusher rebuild orders-0`$/,
    );
    expect((await agent.get('/readyz')).body).toContain('standby: orders-1 left this server');
  });
});
