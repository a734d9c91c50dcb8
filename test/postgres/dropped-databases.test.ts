import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import { untilProtected } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';

const pod = podsOfEachTest();
const tools = missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock');

async function from(server: PostgresServer, database: string, ...statements: readonly string[]): Promise<void> {
  const client = await server.connect(database);
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A script as the kubelet runs it in the server's container. */
function runScript(one: Pod, name: string, argument: string): string {
  const bin = join(one.shared, 'bin');
  mkdirSync(bin, { recursive: true });
  cpSync(join(import.meta.dirname, '../../src/agent/scripts'), bin, { recursive: true });
  return execFileSync('sh', ['-c', `sh ${join(bin, name)} ${argument} 2>&1; echo "exit $?"`], {
    encoding: 'utf8',
    env: {
      PATH: `${dirname(requireTool('psql'))}:${process.env['PATH'] ?? ''}`,
      PGDATA: one.dataDirectory,
      POSTGRES_PASSWORD: 'secret',
    },
  });
}

describe.skipIf(tools)('the agent beside people who work on databases', () => {
  it('keeps none from being renamed, dropped or copied, and stays protected', async () => {
    const one = await pod('databases');
    const agent = await one.startAgent();
    const server = await one.startServer();
    await untilProtected(agent);
    const receiver = await agent.receiverPid();
    await from(server, 'postgres', 'CREATE DATABASE shop');
    // Each of these fails after five seconds where another session is in the database.
    await from(server, 'shop', 'CREATE DATABASE copy TEMPLATE postgres');
    await from(server, 'shop', 'ALTER DATABASE postgres RENAME TO old', 'ALTER DATABASE old RENAME TO postgres');
    await from(server, 'shop', 'DROP DATABASE postgres');
    await untilProtected(agent);
    for (const name of ['a', 'b', 'c']) await from(server, 'shop', `CREATE DATABASE ${name}`);
    await untilProtected(agent);
    // It was the same session, as far as the backup is concerned.
    expect(await agent.receiverPid()).toBe(receiver);
    expect(agent.lines().filter((line) => line['failure'] !== undefined)).toEqual([]);
    await eventually(
      'the scripts are told where to ask',
      () => readFileSync(join(one.shared, 'database'), 'utf8') === 'database=template1\n',
    );
    await from(server, 'shop', 'CREATE DATABASE postgres');
    await server.stop();
  });

  it('whose session is ended by DROP DATABASE WITH (FORCE) goes on in another, and so do the scripts', async () => {
    const one = await pod('forced');
    const agent = await one.startAgent();
    const server = await one.startServer({ settings: { log_checkpoints: 'on', log_connections: 'on' } });
    await untilProtected(agent);
    await from(server, 'template1', 'CREATE DATABASE shop');
    await from(server, 'shop', 'DROP DATABASE postgres WITH (FORCE)');
    const receiver = await agent.receiverPid();
    await eventually(
      'a session in template1',
      async () => {
        const client = await server.connect('shop');
        const { rows } = await client.query(
          "SELECT FROM pg_stat_activity WHERE datname = 'template1' AND backend_type = 'walsender'",
        );
        await client.end();
        return rows.length === 1;
      },
      () => agent.output(),
    );
    await untilProtected(agent);
    expect(receiver).toBeGreaterThan(0);
    const before = server.log().length;
    expect(runScript(one, 'ready.sh', String(one.port))).toBe('exit 0\n');
    expect(runScript(one, 'started.sh', String(one.port))).toBe('exit 0\n');
    expect(server.log().slice(before)).not.toContain('does not exist');
    expect(runScript(one, 'pre-stop.sh', '60')).toBe('exit 0\n');
    await server.exited;
    // The hook's own checkpoint, before that of the shutdown.
    expect(server.log()).toMatch(/checkpoint starting: immediate force wait/);
    expect((await agent.stop()).code).toBe(0);
  });
});
