import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readGaps } from '../../src/agent/store/gaps.ts';
import { eventually } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { storeRootOf, systemIdOf, untilFailure, untilProtected } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRestored } from './support/restored-server.ts';
import { lostRows, startWriters } from './support/writers.ts';

const pod = podsOfEachTest();
const tools = missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock');

describe.skipIf(tools)('a receiver', () => {
  it('that is frozen while the server stops does not hold it up, and loses nothing', async () => {
    const one = await pod('frozen');
    const agent = await one.startAgent();
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    process.kill(await agent.receiverPid(), 'SIGSTOP');
    await server.sql('CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    const startedAt = performance.now();
    await server.stop();
    // The server would wait for wal_sender_timeout, which is a minute.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    await agent.stop();
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 1000 }]);
    await restored.kill();
  });

  it('that is killed is started again where it was', async () => {
    const one = await pod('receiver');
    const agent = await one.startAgent();
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    const writers = await startWriters(server, 4);
    for (let round = 0; round < 3; round += 1) {
      const receiver = await agent.receiverPid();
      process.kill(receiver, 'SIGKILL');
      await server.sql('SELECT pg_switch_wal()');
      await agent.receiverPid(receiver);
      await writers.more(50);
    }
    await untilProtected(agent);
    await writers.stop();
    await server.stop();
    await agent.stop();
    expect(await readGaps(storeRootOf(one), systemId)).toEqual([]);
    const restored = await startRestored(one, systemId);
    expect(await lostRows(restored, writers)).toEqual([]);
    await restored.kill();
  });

  it('whose slot was dropped by hand goes on without a gap where the server still has everything', async () => {
    const one = await pod('dropped');
    const agent = await one.startAgent();
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await eventually('the slot can be dropped', async () => {
      await server.sql(
        'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL',
      );
      return server
        .sql("SELECT pg_drop_replication_slot('pgusher')")
        .then(() => true)
        .catch(() => false);
    });
    await server.sql('CREATE TABLE kept AS SELECT 1 AS n');
    await eventually(
      'a receiver holds the slot again',
      async () => (await server.sql('SELECT FROM pg_replication_slots WHERE active')).length === 1,
      () => agent.output(),
    );
    await untilProtected(agent);
    expect(await server.sql('SELECT slot_name FROM pg_replication_slots')).toEqual([{ slot_name: 'pgusher' }]);
    await server.stop();
    await agent.stop();
    expect(await readGaps(storeRootOf(one), systemId)).toEqual([]);
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await restored.kill();
  });

  it('whose slot the server gave up records the gap, and a base backup closes it at once', async () => {
    const one = await pod('lost');
    let agent = await one.startAgent();
    const server = await one.startServer({
      settings: { max_slot_wal_keep_size: '16MB', min_wal_size: '32MB', max_wal_size: '32MB' },
    });
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await agent.kill();
    await server.sql('CREATE TABLE kept (n int)');
    for (let round = 0; round < 8; round += 1) {
      await server.sql('INSERT INTO kept SELECT generate_series(1, 1000)');
      await server.sql('SELECT pg_switch_wal()');
      await server.sql('CHECKPOINT');
    }
    expect(await server.sql('SELECT wal_status FROM pg_replication_slots')).toEqual([{ wal_status: 'lost' }]);
    agent = await one.startAgent();
    await untilProtected(agent);
    const [gap] = await readGaps(storeRootOf(one), systemId);
    expect(gap).toMatchObject({ timeline: 1, reason: 'removed from the server before it was received' });
    expect(await agent.metric('pgusher_wal_gap_total')).toBe(1);
    const backups = await one.backups(systemId);
    expect(backups).toHaveLength(2);
    expect((backups[1]?.startSegment ?? '') >= (gap?.resumed ?? 'x')).toBe(true);
    await server.sql('INSERT INTO kept VALUES (1)');
    await server.stop();
    await agent.stop();
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 8001 }]);
    await restored.kill();
  });

  it('refuses a server that is older than its own backup, and says so', async () => {
    const one = await pod('older');
    let agent = await one.startAgent();
    let server = await one.startServer();
    await untilProtected(agent);
    await server.stop();
    execFileSync('cp', ['-a', one.dataDirectory, `${one.dataDirectory}.older`]);
    server = await one.startServer();
    await untilProtected(agent);
    for (let round = 0; round < 3; round += 1) {
      await server.sql('CREATE TABLE IF NOT EXISTS t (n int)');
      await server.sql('INSERT INTO t VALUES (1)');
      await server.sql('SELECT pg_switch_wal()');
    }
    await untilProtected(agent);
    await server.stop();
    await agent.stop();
    rmSync(one.dataDirectory, { recursive: true });
    execFileSync('mv', [`${one.dataDirectory}.older`, one.dataDirectory]);
    agent = await one.startAgent();
    await one.startServer();
    expect(await untilFailure(agent, 'receiver', /never wrote/)).toMatch(
      /^receiver: the store holds WAL of timeline 1 that this server never wrote \(.*is ahead of the WAL flush position of this server .*\): the data directory is older than its backup\. Nothing is archived\. Wanted: one history\. Restart the pod: it stops and says both ends, and postgres\.io\/when-behind chooses/,
    );
    expect(await agent.metric('pgusher_protected')).toBe(0);
  });
});
