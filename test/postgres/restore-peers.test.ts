import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentContract } from '../../src/agent/contract.ts';
import { freePort } from '../support/free-port.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { eventually, giveToServer, runAsServer, startServer } from '../support/postgres-server.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import { DatabaseWithStore, runRestoreProcess } from './support/database-with-store.ts';

const login = { user: 'standby', password: "s'cret \\ word" };

/** A primary that comes back beside one that was promoted meanwhile stays down, also where the store knows of neither. */
describe.skipIf(missingTools('postgres', 'pg_basebackup'))('a primary comes back', () => {
  let database: DatabaseWithStore;
  let peer: PostgresServer;
  let before: { code: number | null; reason: string };

  beforeAll(async () => {
    database = new DatabaseWithStore('peers');
    const primary = await database.begin();
    await primary.sql(`CREATE ROLE ${login.user} REPLICATION LOGIN PASSWORD '${login.password.replace("'", "''")}'`);
    appendFileSync(
      join(database.dataDirectory, 'pg_hba.conf'),
      `host replication ${login.user} 127.0.0.1/32 scram-sha-256\n`,
    );
    await primary.sql('SELECT pg_reload_conf()');
    const copy = join(database.directory, 'standby');
    runAsServer(requireTool('pg_basebackup'), [
      ...['-D', copy, '-h', primary.socketDirectory, '-p', String(primary.port), '-U', 'postgres'],
      ...['--write-recovery-conf', '--checkpoint=fast'],
    ]);
    const secret = join(database.shared, 'replication-secret');
    mkdirSync(secret);
    for (const [name, text] of [
      ['username', login.user],
      ['password', login.password],
    ] as const) {
      writeFileSync(join(secret, name), text);
      giveToServer(join(secret, name));
    }
    peer = await startServer({ dataDirectory: copy, port: await freePort() });
    await database.crash();
    before = await restart({});
    await peer.sql('SELECT pg_promote()');
    await eventually('the peer is on a timeline of its own', async () => {
      const [row] = await peer.sql<{ done: boolean }>(
        "SELECT NOT pg_is_in_recovery() AND pg_walfile_name(pg_current_wal_lsn()) LIKE '00000002%' AS done",
      );
      return row?.done === true;
    });
  });

  afterAll(async () => {
    await peer.kill();
    await database.remove();
  });

  /** `restore` on the old primary's volume, with nothing but the peer to learn from. */
  async function restart(changes: Partial<AgentContract>): Promise<{ code: number | null; reason: string }> {
    return runRestoreProcess(
      database,
      database.contract({
        store: null,
        primary: `db-0.localhost:${peer.port}`,
        replication: { network: '127.0.0.1/32' },
        ...changes,
      }),
    );
  }

  it('and starts while the other server follows it', () => {
    expect(before).toMatchObject({ code: 0 });
  });

  it('and stays down where the other server was promoted', async () => {
    const result = await restart({});
    expect(result.code).toBe(1);
    expect(result.reason).toMatch(
      new RegExp(
        `PGDATA is on timeline 1, but \\S+:${peer.port} runs timeline 2 of the same database: it was promoted`,
      ),
    );
  });

  it('also where postgres.io/primary names that server', async () => {
    expect((await restart({ primary: `127.0.0.1:${peer.port}` })).reason).toContain('runs timeline 2');
  });

  it('and starts where nobody answers, nobody lets it in, or nobody is known', async () => {
    const began = performance.now();
    expect(await restart({ primary: `db-0.localhost:${await freePort()}` })).toMatchObject({ code: 0 });
    // TEST-NET-1 (RFC 5737): packets to it go nowhere.
    expect(await restart({ primary: `192.0.2.1:${peer.port}` })).toMatchObject({ code: 0 });
    // The kernel alone would try for two minutes.
    expect(performance.now() - began).toBeLessThan(60_000);
    expect(await restart({ primary: `db-0.no-such-service.invalid:${peer.port}` })).toMatchObject({ code: 0 });
    expect(await restart({ replication: null })).toMatchObject({ code: 0 });
    expect(await restart({ role: 'primary', primary: null })).toMatchObject({ code: 0 });
    writeFileSync(join(database.shared, 'replication-secret', 'password'), 'another');
    expect(await restart({})).toMatchObject({ code: 0 });
  });
});
