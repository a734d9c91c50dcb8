import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcileRole } from '../../src/agent/backup/replication.ts';
import { passfileText } from '../../src/agent/server-connection/passfile.ts';
import { preparedPassword } from '../../src/agent/server-connection/saslprep.ts';
import { connectAsReplication, connectBriefly } from '../../src/agent/server-connection/server-connection.ts';
import {
  giveToServer,
  initialise,
  removeDirectory,
  runAsServer,
  scratchDirectory,
  startServer,
} from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import { newPod } from './support/backup-agent.ts';
import { eventually } from '../support/postgres-server.ts';

/** Everything that ever broke a shell, a conninfo, an SQL string or a passfile, and letters of all kinds. */
const nasty = fc.oneof(
  fc.constantFrom(...` :\\'"$\`;%&|<>{}()[]*?!#~=,@/-_`.split('')),
  fc.constantFrom('\t', 'é', 'ß', '密', '🔑', '%f', ":'x'", '--', '$(id)', '\\n'),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 }),
);
const passwords = fc.array(nasty, { minLength: 1, maxLength: 24 }).map((parts) => parts.join(''));
const roles = fc
  .array(nasty, { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''))
  .filter((name) => Buffer.byteLength(name) <= 55);

/** Letters that SASLprep changes, leaves as they are, leaves out, forbids and does not know. */
const foreign = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'é',
        'e\u0301',
        'ﬁ',
        'Å',
        '①',
        'ｆ',
        '\u00a0',
        '\u3000',
        '\u00ad',
        '\ufe0f',
        '\u200d',
        'ß',
        '密',
        '한',
      ),
      fc.constantFrom('🔑', '👩‍🚀', '❤️', '€', 'א', 'ب', '\u0378', '\u200e', 'a', 'B', '7', ' '),
      { arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2 }), weight: 1 },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(''))
  .filter((password) => !/[\0\r\n]/.test(password) && /[^\x20-\x7e]/.test(password));

describe.skipIf(missingTools('postgres', 'psql'))('passwords and role names', () => {
  let directory = '';
  let server: PostgresServer;
  beforeAll(async () => {
    directory = scratchDirectory('passwords');
    initialise({ dataDirectory: join(directory, 'pgdata') });
    server = await startServer({
      dataDirectory: join(directory, 'pgdata'),
      settings: { log_statement: 'all', fsync: 'off' },
    });
  });
  afterAll(async () => {
    await server.kill();
    removeDirectory(directory);
  });

  it('of any kind, a thousand of them, make a role that libpq and pg let in, and none is in the log', async () => {
    const psql = requireTool('psql');
    const pairs = fc.sample(fc.tuple(roles, passwords), 1000).map(([role, password], index) => ({
      role: `${role}-${index}`,
      password,
      passfile: join(directory, `passfile-${index}`),
    }));
    const client = await connectBriefly(
      { host: '127.0.0.1', port: server.port },
      { user: 'postgres', password: 'secret' },
    );
    for (const { role, password } of pairs) {
      expect(await reconcileRole(client, role, password)).toBe(true);
    }
    for (const { role, password } of pairs.slice(0, 100)) {
      expect(await reconcileRole(client, role, password)).toBe(false);
    }
    await client.end();
    const refused: string[] = [];
    for (let first = 0; first < pairs.length; first += 4) {
      await Promise.all(
        pairs.slice(first, first + 4).map(async ({ role, password, passfile }, index) => {
          writeFileSync(passfile, passfileText(password), { mode: 0o600 });
          giveToServer(passfile);
          const { stdout } = await promisify(execFile)(psql, ['-XAtqw', '-c', 'SELECT current_user'], {
            env: {
              PGHOST: '127.0.0.1',
              PGPORT: String(server.port),
              PGUSER: role,
              PGPASSFILE: passfile,
              PGDATABASE: 'postgres',
            },
          }).catch((error: unknown) => ({ stdout: String(error) }));
          if (stdout !== `${role}\n`) {
            refused.push(`psql: ${JSON.stringify({ role, password })}: ${stdout}`);
          }
          // The agent's own driver, for passwords of ASCII; of the others below.
          if (index === 0 && /^[\x20-\x7e]*$/.test(password)) {
            const attempt = await connectAsReplication(
              { host: '127.0.0.1', port: server.port },
              { user: role, password },
            );
            if (attempt.kind === 'connected') {
              await attempt.connection.close();
            } else {
              refused.push(`pg: ${JSON.stringify({ role, password })}`);
            }
          }
        }),
      );
    }
    expect(refused).toEqual([]);
    const log = server.log();
    expect(pairs.filter(({ password }) => password.length >= 12 && log.includes(password))).toEqual([]);
  }, 400_000);

  it('beyond ASCII, a thousand of them, are let in by pg or refused with the reason', async () => {
    const pairs = fc.sample(foreign, 1000).map((password, index) => ({ user: `foreign-${index}`, password }));
    const address = { host: '127.0.0.1', port: server.port };
    const client = await connectBriefly(address, { user: 'postgres', password: 'secret' });
    for (const { user, password } of pairs) {
      await reconcileRole(client, user, password);
      // What is stored is recognised, so that it is not set anew each time.
      expect(await reconcileRole(client, user, password), JSON.stringify(password)).toBe(false);
    }
    await client.end();
    let refused = 0;
    for (const credentials of pairs) {
      const attempt = await connectAsReplication(address, credentials);
      if (attempt.kind === 'connected') {
        await attempt.connection.close();
      } else {
        refused += 1;
        expect(attempt, JSON.stringify(credentials.password)).toMatchObject({
          kind: 'refused',
          message: expect.stringContaining('this agent cannot. Wanted a password of ASCII') as string,
        });
        expect(preparedPassword(credentials.password)).not.toBe(credentials.password);
      }
    }
    // Both happen.
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(pairs.length);
  }, 400_000);

  it('refuse another password, so that the test above means something', async () => {
    const client = await connectBriefly(
      { host: '127.0.0.1', port: server.port },
      { user: 'postgres', password: 'secret' },
    );
    await reconcileRole(client, 'one', 'right');
    await client.end();
    const attempt = await connectAsReplication(
      { host: '127.0.0.1', port: server.port },
      { user: 'one', password: 'wrong' },
    );
    expect(attempt).toMatchObject({ kind: 'refused', code: '28P01' });
  });
});

describe.skipIf(missingTools('postgres', 'psql', 'pg_receivewal'))('the replication role of a set', () => {
  it('is made in a database that is there already, let in by pg_hba.conf, and follows a rotated Secret', async () => {
    const pod = await newPod('replication');
    try {
      pod.initialise();
      const secret = join(pod.directory, 'replication');
      runAsServer('mkdir', ['-p', secret]);
      const put = (password: string): void => {
        writeFileSync(join(secret, 'username'), 'replicator "x"');
        writeFileSync(join(secret, 'password'), `${password}\n`);
        giveToServer(join(secret, 'username'));
        giveToServer(join(secret, 'password'));
      };
      put(`one: 'two' \\three`);
      const agent = await pod.startAgent({ contract: { replication: { network: 'samehost' } } });
      const running = await pod.startServer();
      const connects = async (password: string): Promise<boolean> => {
        const passfile = join(pod.directory, 'passfile');
        writeFileSync(passfile, passfileText(password), { mode: 0o600 });
        giveToServer(passfile);
        try {
          runAsServer(requireTool('psql'), ['-XAtqw', '-c', 'IDENTIFY_SYSTEM', 'replication=true'], {
            env: { PGHOST: '127.0.0.1', PGPORT: String(running.port), PGUSER: 'replicator "x"', PGPASSFILE: passfile },
          });
          return true;
        } catch {
          return false;
        }
      };
      await eventually(
        'the role can replicate',
        () => connects(`one: 'two' \\three`),
        () => agent.output(),
      );
      expect(await connects('another')).toBe(false);
      expect(agent.output()).not.toContain('two');
      await running.stop();
      put('another');
      const again = await pod.startServer();
      await eventually(
        'the rotated password is in force',
        () => connects('another'),
        () => agent.output(),
      );
      await again.stop();
    } finally {
      await pod.remove();
    }
  });
});
