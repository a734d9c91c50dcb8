import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBackupNow } from '../../src/agent/backup/run-backup-now.ts';
import { readGaps } from '../../src/agent/store/gaps.ts';
import { eventually, giveToServer } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import { storeRootOf, systemIdOf, untilFailure, untilProtected, untilReceived } from './support/backup-agent.ts';
import type { Agent } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRestored } from './support/restored-server.ts';
import { lostRows, startWriters } from './support/writers.ts';

const pod = podsOfEachTest();

async function stopBoth(one: { stop(): Promise<void> }, agent: Agent): Promise<void> {
  await one.stop();
  await agent.stop();
}

const tools = missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock');

describe.skipIf(tools)('the volume and its lock', () => {
  it('turn a second agent away by name, and the first one goes on', async () => {
    const one = await pod('two');
    const agent = await one.startAgent();
    const second = await one.startAgent({ wait: false, contract: { agentPort: one.contract.agentPort + 1 } });
    expect(await second.exited).toBe(1);
    const message = String(second.lines().at(-1)?.['msg']);
    expect(message).toMatch(
      /^the data volume is in use by shop\/orders, pod orders-0 \(uid uid-0\), since \S+; wanted nobody\. Two servers on one data directory destroy it: delete the other pod, or give this one a claim of its own$/,
    );
    expect((await agent.get('/startedz')).status).toBe(200);
    await agent.kill();
    const third = await one.startAgent();
    expect((await third.get('/startedz')).status).toBe(200);
  });
});

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
    await stopBoth(server, agent);
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
    await stopBoth(server, agent);
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
    await stopBoth(server, agent);
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
    await stopBoth(server, agent);
    rmSync(one.dataDirectory, { recursive: true });
    execFileSync('mv', [`${one.dataDirectory}.older`, one.dataDirectory]);
    agent = await one.startAgent();
    await one.startServer();
    expect(await untilFailure(agent, 'receiver', /never wrote/)).toMatch(
      /^receiver: the store holds WAL of timeline 1 that this server never wrote \(.*is ahead of the WAL flush position of this server .*\): the data directory is older than its backup\. Nothing is archived; wanted: a restore, or another backup-prefix$/,
    );
    expect(await agent.metric('pgusher_protected')).toBe(0);
  });
});

describe.skipIf(tools || !canMount())('a data volume', () => {
  it('that is full stops the server, never the agent, and every row that was committed is in the store', async () => {
    const one = await pod('data', 200);
    const agent = await one.startAgent();
    let server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await server.sql('CREATE TABLE kept (n int)');
    const ballast = join(one.dataMount, 'ballast');
    execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2>/dev/null || true', 'sh', ballast]);
    let committed = 0;
    await eventually('the server runs out of space', async () => {
      try {
        await server.sql('INSERT INTO kept SELECT generate_series(1, 1000)');
        committed += 1000;
        await server.sql('SELECT pg_switch_wal()');
        return false;
      } catch (error) {
        return /No space left|server closed|terminat|ECONN|ENOENT|postgres ended/i.test(String(error));
      }
    });
    expect(server.log()).toContain('No space left on device');
    expect((await agent.get('/livez')).status).toBe(200);
    await server.kill();
    rmSync(ballast);
    server = await one.startServer();
    await untilProtected(agent);
    const [row] = await server.sql<{ rows: number }>('SELECT count(*)::int AS rows FROM kept');
    expect(row?.rows).toBeGreaterThanOrEqual(committed);
    await stopBoth(server, agent);
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([row]);
    await restored.kill();
  });
});

describe.skipIf(tools || !canMount())('a store', () => {
  it('that is full is said, loses nothing, and is used again once there is room', async () => {
    const one = await pod('full');
    one.mount('store', 96);
    const agent = await one.startAgent({ storeMustBeMount: true });
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    const ballast = join(one.storeMount, 'ballast');
    execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2>/dev/null || true', 'sh', ballast]);
    await server.sql('CREATE TABLE kept (n int)');
    for (let round = 0; round < 3; round += 1) {
      await server.sql('INSERT INTO kept SELECT generate_series(1, 10000)');
      await server.sql('SELECT pg_switch_wal()');
    }
    await eventually(
      'it is said',
      async () => {
        const { status, body } = await agent.get('/readyz');
        return status === 503 && /No space left|ENOSPC|the store is full/.test(body);
      },
      () => agent.output(),
    );
    rmSync(ballast);
    await untilProtected(agent);
    await server.sql('INSERT INTO kept VALUES (1)');
    await stopBoth(server, agent);
    expect(await readGaps(storeRootOf(one), systemId)).toEqual([]);
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 30_001 }]);
    await restored.kill();
  });

  it('without room for another base backup keeps the ones it has, and WAL goes on', async () => {
    const one = await pod('room');
    one.mount('store', 70);
    const agent = await one.startAgent({ storeMustBeMount: true });
    const server = await one.startServer();
    expect(await untilFailure(agent, 'base-backup', /needs about/)).toMatch(
      /^base-backup: the store has \d+ MB free; a base backup needs about 67 MB\. Make the claim larger or lower backup-keep$/,
    );
    expect(await agent.metric('pgusher_wal_receiver_streaming')).toBe(1);
    await server.stop();
  });

  it('that turns read-only keeps the server running, is said, and is used again', async () => {
    const one = await pod('readonly');
    one.mount('store', 200);
    const agent = await one.startAgent({ storeMustBeMount: true });
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    // A file that is open for writing keeps a file system from being remounted: the receiver's.
    await agent.kill();
    execFileSync('mount', ['-o', 'remount,ro', one.storeMount]);
    const again = await one.startAgent({ storeMustBeMount: true });
    expect(await untilFailure(again, 'identity', /cannot be written/)).toContain('EROFS: read-only file system');
    await server.sql('CREATE TABLE kept AS SELECT 1 AS n');
    execFileSync('mount', ['-o', 'remount,rw', one.storeMount]);
    await untilProtected(again);
    await stopBoth(server, again);
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await restored.kill();
  });
});

describe.skipIf(tools)('a store that is not ours', () => {
  it('because nothing is mounted gets nothing, not even an identity', async () => {
    const one = await pod('unmounted');
    const agent = await one.startAgent({ storeMustBeMount: true });
    const server = await one.startServer();
    expect(await untilFailure(agent, 'identity', /nothing is mounted/)).toBe(
      `identity: nothing is archived: nothing is mounted at ${one.storeMount}: it is a plain directory of the container`,
    );
    expect(existsSync(join(storeRootOf(one), 'STORE.json'))).toBe(false);
    expect(await agent.metric('pgusher_protected')).toBe(0);
    await server.stop();
  });

  it('because another set claimed it gets nothing', async () => {
    const one = await pod('foreign');
    const first = await one.startAgent({ contract: { namespace: 'shop', set: 'invoices' } });
    const server = await one.startServer();
    await untilProtected(first);
    await first.kill();
    const before = readdirSync(storeRootOf(one), { recursive: true }).length;
    const agent = await one.startAgent();
    expect(await untilFailure(agent, 'identity', /belongs to/)).toBe(
      `identity: nothing is archived: the store ${storeRootOf(one)} belongs to shop/invoices; wanted shop/orders. Give this set another backup-prefix or claim`,
    );
    expect(readdirSync(storeRootOf(one), { recursive: true }).length).toBe(before);
    await server.stop();
  });

  it('because another database filled it gets nothing, and the server is left alone', async () => {
    const one = await pod('system');
    let agent = await one.startAgent();
    let server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await stopBoth(server, agent);
    rmSync(one.dataDirectory, { recursive: true });
    one.initialise();
    agent = await one.startAgent();
    server = await one.startServer();
    const own = await systemIdOf(server);
    expect(await untilFailure(agent, 'identity', /holds system/)).toBe(
      `identity: nothing is archived: the store ${storeRootOf(one)} holds system ${systemId}, this server is ${own}. It is another database; give this set another backup-prefix, or restore`,
    );
    expect(readdirSync(storeRootOf(one)).sort()).toEqual([systemId, 'STORE.json'].sort());
    expect(await server.sql('SELECT slot_name FROM pg_replication_slots')).toEqual([]);
  });
});

describe.skipIf(tools)('a server', () => {
  it('whose password was changed is met again once the Secret follows, without a restart', async () => {
    const one = await pod('password');
    const file = join(one.directory, 'password');
    const put = (text: string): void => {
      writeFileSync(file, `${text}\n`, { mode: 0o600 });
      giveToServer(file);
    };
    put('secret');
    const agent = await one.startAgent({ environment: { PGUSHER_PASSWORD: '', PGUSHER_PASSWORD_FILE: file } });
    const server = await one.startServer();
    await untilProtected(agent);
    await server.sql(`ALTER ROLE postgres PASSWORD 'another: one\\with ''all'' of it'`);
    await server.sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL',
    );
    expect(await untilFailure(agent, 'server', /does not let/)).toBe(
      'server: the server does not let postgres in: password authentication failed for user "postgres"; wanted the user and password that the server has (POSTGRES_USER, POSTGRES_PASSWORD)',
    );
    put(`another: one\\with 'all' of it`);
    await untilProtected(agent);
    expect(agent.output()).not.toContain('another: one');
    await stopBoth(server, agent);
  });

  it('whose password is rotated while all is well lets a new receiver and a new base backup in', async () => {
    const one = await pod('rotated');
    const file = join(one.directory, 'password');
    const put = (text: string): void => {
      writeFileSync(file, `${text}\n`, { mode: 0o600 });
      giveToServer(file);
    };
    put('secret');
    const agent = await one.startAgent({ environment: { PGUSHER_PASSWORD: '', PGUSHER_PASSWORD_FILE: file } });
    const server = await one.startServer();
    await untilProtected(agent);
    // Connections that are there stay; what connects from now on needs the new one.
    await server.sql(`ALTER ROLE postgres PASSWORD 'another'`);
    put('another');
    const receiver = await agent.receiverPid();
    process.kill(receiver, 'SIGKILL');
    await agent.receiverPid(receiver);
    await server.sql('CREATE TABLE kept AS SELECT 1 AS n');
    await untilReceived(server, agent);
    const said: string[] = [];
    const print = { out: (line: string) => said.push(line), error: (line: string) => said.push(`error: ${line}`) };
    expect(await runBackupNow(one.shared, print), said.join('\n')).toBe(0);
    await untilProtected(agent);
    expect(await readGaps(storeRootOf(one), await systemIdOf(server))).toEqual([]);
    await stopBoth(server, agent);
  });

  it('that was promoted gets its history and a base backup of the new timeline at once, and every row survives', async () => {
    const one = await pod('promoted');
    let agent = await one.startAgent();
    let server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await server.sql('CREATE TABLE kept AS SELECT 1 AS n');
    await untilReceived(server, agent);
    await server.kill();
    await agent.kill();
    // The volume is lost; what comes back is on timeline 2.
    let restored = await startRestored(one, systemId);
    await restored.sql(`ALTER SYSTEM SET recovery_target_time = '2026-01-01 00:00:00+00'`);
    await restored.stop();
    rmSync(one.dataDirectory, { recursive: true });
    execFileSync('mv', [join(one.directory, 'restored'), one.dataDirectory]);
    agent = await one.startAgent();
    server = await one.startServer();
    await untilProtected(agent);
    await server.sql('INSERT INTO kept VALUES (2)');
    expect((await one.backups(systemId)).map((record) => record.timeline)).toEqual([1, 2]);
    expect(readFileSync(join(storeRootOf(one), systemId, 'wal/00000002.history'), 'utf8')).toMatch(
      /^1\t0\/[0-9A-F]+\t/,
    );
    expect(readFileSync(join(one.dataDirectory, 'postgresql.auto.conf'), 'utf8')).not.toContain('recovery_target');
    expect(await readGaps(storeRootOf(one), systemId)).toEqual([]);
    await stopBoth(server, agent);
    restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT n FROM kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
    await restored.kill();
  });

  it('with backup-synchronous waits with each commit for the backup, and loses none at all when everything is killed', async () => {
    const one = await pod('synchronous');
    const agent = await one.startAgent({ backup: { synchronous: true } });
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await eventually('commits wait for the receiver', async () => {
      const rows = await server.sql<{ sync_state: string }>('SELECT sync_state FROM pg_stat_replication');
      return rows.some((row) => row.sync_state === 'sync');
    });
    // Commits wait once the checkpointer has read the setting too (SyncRepUpdateSyncStandbysDefined).
    await server.sql('CHECKPOINT');
    const writers = await startWriters(server, 8);
    await writers.more(100);
    await Promise.all([server.kill(), agent.kill()]);
    await writers.stop();
    const restored = await startRestored(one, systemId);
    expect(await lostRows(restored, writers)).toEqual([]);
    await restored.kill();
  });

  it('whose owner set synchronous_standby_names keeps it, and is told', async () => {
    const one = await pod('conflict');
    const agent = await one.startAgent({ backup: { synchronous: true } });
    const server = await one.startServer({
      settings: { synchronous_standby_names: '"ANY 1 (none)"', synchronous_commit: 'local' },
    });
    expect(await untilFailure(agent, 'synchronous', /wanted it unset/)).toContain(
      'so that backup-synchronous can name the receiver',
    );
    await server.stop();
  });
});
