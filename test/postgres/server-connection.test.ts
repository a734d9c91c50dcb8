import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectAsReplication } from '../../src/agent/server-connection/server-connection.ts';
import { initialise, removeDirectory, scratchDirectory, startServer } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';

describe.skipIf(missingTools('postgres'))('the connection to the server', () => {
  let directory = '';
  let server: PostgresServer;
  beforeAll(async () => {
    directory = scratchDirectory('connection');
    initialise({ dataDirectory: join(directory, 'pgdata') });
    server = await startServer({ dataDirectory: join(directory, 'pgdata'), settings: { fsync: 'off' } });
  });
  afterAll(async () => {
    await server.stop();
    removeDirectory(directory);
  });

  it('takes one question after the other, also from several who ask at once, and goes on after one that fails', async () => {
    const warnings: string[] = [];
    process.on('warning', ({ message }) => warnings.push(message));
    const attempt = await connectAsReplication(
      { host: '127.0.0.1', port: server.port },
      { user: 'postgres', password: 'secret' },
    );
    if (attempt.kind !== 'connected') throw new Error(JSON.stringify(attempt));
    const { connection } = attempt;
    const answers = await Promise.allSettled([
      connection.query('SELECT 1 AS n'),
      connection.query('SELECT nonsense'),
      connection.query('SELECT 3 AS n'),
    ]);
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: [{ n: 1 }] },
      { status: 'rejected', reason: { code: '42703' } },
      { status: 'fulfilled', value: [{ n: 3 }] },
    ]);
    await connection.close();
    expect(warnings).toEqual([]);
  });
});
