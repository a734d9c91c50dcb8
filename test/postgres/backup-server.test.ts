import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBackupNow } from '../../src/agent/backup/run-backup-now.ts';
import { readGaps } from '../../src/agent/store/gaps.ts';
import { eventually, giveToServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { storeRootOf, systemIdOf, untilFailure, untilProtected, untilReceived } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { collectPrint } from './support/collected-print.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRestored } from './support/restored-server.ts';
import { lostRows, startWriters } from './support/writers.ts';

const pod = podsOfEachTest();
const tools = missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock');

/** The superuser's Secret as a mounted file; `put` is what the kubelet does when it changes. */
function passwordFile(one: Pod): {
  readonly environment: Readonly<Record<string, string>>;
  readonly put: (password: string) => void;
} {
  const file = join(one.directory, 'password');
  const put = (password: string): void => {
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
    giveToServer(file);
  };
  put('secret');
  return { environment: { PGUSHER_PASSWORD: '', PGUSHER_PASSWORD_FILE: file }, put };
}

describe.skipIf(tools)('a server', () => {
  it('whose password was changed is met again once the Secret follows, without a restart', async () => {
    const one = await pod('password');
    const { environment, put } = passwordFile(one);
    const agent = await one.startAgent({ environment });
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
    await server.stop();
    await agent.stop();
  });

  it('whose password is rotated while all is well lets a new receiver and a new base backup in', async () => {
    const one = await pod('rotated');
    const { environment, put } = passwordFile(one);
    const agent = await one.startAgent({ environment });
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
    const said = collectPrint();
    expect(await runBackupNow(one.shared, said.print), said.lines.join('\n')).toBe(0);
    await untilProtected(agent);
    expect(await readGaps(storeRootOf(one), await systemIdOf(server))).toEqual([]);
    await server.stop();
    await agent.stop();
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
    // The restore left its own, and no agent was there to take it out.
    expect(await restored.sql('SHOW recovery_target_lsn')).not.toEqual([{ recovery_target_lsn: '' }]);
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
    await server.stop();
    await agent.stop();
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
