import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBackupNow } from '../../src/agent/backup/run-backup-now.ts';
import { eventually, initialise, runAsServer } from '../support/postgres-server.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import { untilFailure, untilProtected } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { collectPrint } from './support/collected-print.ts';
import { podsOfEachTest } from './support/pods.ts';

const pod = podsOfEachTest();
const tools = missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock');

const own = [
  'host all "postgres" 127.0.0.1/32 scram-sha-256',
  'host replication "postgres" 127.0.0.1/32 scram-sha-256',
];

function hbaFile(one: Pod): string {
  return join(one.dataDirectory, 'pg_hba.conf');
}

/** What a person does who reads the message: the lines in it, above all others, and a reload. */
function follow(one: Pod, message: string): void {
  const lines = message.split(' / ').filter((part) => part.startsWith('host '));
  writeFileSync(hbaFile(one), `${lines.join('\n')}\n${readFileSync(hbaFile(one), 'utf8')}`);
  runAsServer(requireTool('pg_ctl'), ['reload', '-D', one.dataDirectory]);
}

describe.skipIf(tools)('the server is told in its own words', () => {
  it.each([
    ['hostssl only', ['hostssl all all all scram-sha-256', 'hostnossl all all all reject'], /pg_hba\.conf rejects/],
    ['reject for the superuser', ['host all postgres all reject', 'host all all all scram-sha-256'], /rejects/],
    ['the loopback of IPv6 alone', ['host all all ::1/128 scram-sha-256'], /no pg_hba\.conf entry/],
    ['certificates', ['hostssl all all all cert'], /no pg_hba\.conf entry/],
    ['ident', ['host all all all ident', 'host replication all all ident'], /Ident authentication failed/],
  ])('where pg_hba.conf has %s, with the lines to add, which help', async (_, lines, words) => {
    const one = await pod('hba');
    writeFileSync(hbaFile(one), `${['local all all trust', ...lines].join('\n')}\n`);
    const agent = await one.startAgent();
    const server = await one.startServer();
    const message = await untilFailure(agent, 'server', words);
    expect(message).toMatch(
      /^server: the server does not let postgres in: .*; wanted these two lines above all others/,
    );
    for (const line of own) expect(message).toContain(line);
    follow(one, message);
    await untilProtected(agent);
    await server.stop();
  });

  it('where it lets no receiver in, in log, page and metric, and following the advice helps', async () => {
    const one = await pod('no-replication');
    writeFileSync(hbaFile(one), 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n');
    const agent = await one.startAgent();
    const server = await one.startServer();
    const message = await untilFailure(agent, 'receiver', /FATAL: {2}no pg_hba\.conf entry for replication connection/);
    expect(agent.lines().filter((line) => line['failure'] === 'receiver')).toHaveLength(1);
    expect(await agent.metric('pgusher_failure{kind="receiver"}')).toBe(1);
    expect((await agent.get('/')).body).toContain('no pg_hba.conf entry for replication connection');
    follow(one, message);
    await untilProtected(agent);
    expect(await agent.metric('pgusher_failure{kind="receiver"}')).toBeNaN();
    await server.stop();
  });

  it('where a file with the password is not there, with the way to have it', async () => {
    const one = await pod('vault');
    const agent = await one.startAgent({
      environment: { PGUSHER_PASSWORD: '', PGUSHER_PASSWORD_FILE: '/vault/secrets/pgpass' },
    });
    expect(await untilFailure(agent, 'server', /pgpass/)).toMatch(
      /^server: POSTGRES_PASSWORD_FILE names \/vault\/secrets\/pgpass, which cannot be read in this container \(ENOENT\); wanted it on a volume that the server's container mounts, or POSTGRES_PASSWORD from a Secret/,
    );
  });

  it('where a page is bad, with the table that it is of, and the good base backup stays', async () => {
    const one = await pod('bad-page', 'empty');
    initialise({ dataDirectory: one.dataDirectory, arguments: ['--data-checksums'] });
    const agent = await one.startAgent();
    const server = await one.startServer();
    await untilProtected(agent);
    await server.sql('CREATE TABLE orders AS SELECT generate_series(1, 5000) AS n');
    await server.sql('CHECKPOINT');
    const [path] = await server.sql<{ path: string }>("SELECT pg_relation_filepath('orders') AS path");
    const file = openSync(join(one.dataDirectory, path?.path ?? ''), 'r+');
    writeSync(file, 'rotten', 8192 * 3 + 4000);
    closeSync(file);
    expect(await runBackupNow(one.shared, collectPrint().print)).toBe(1);
    const message = await untilFailure(agent, 'base-backup', /bad pages/);
    expect(message).toContain(`block 3 of ${path?.path ?? ''} (table orders of database postgres)`);
    expect(message).toContain('checksum error occurred');
    expect(await agent.metric('pgusher_base_backups')).toBe(1);
    // The page is made anew with its table: all is well again.
    await server.sql('DROP TABLE orders');
    await server.sql('CHECKPOINT');
    expect(await runBackupNow(one.shared, collectPrint().print)).toBe(0);
    await eventually(
      'it is over',
      async () => (await agent.get('/readyz')).status === 200,
      () => agent.output(),
    );
    await server.stop();
  });
});
