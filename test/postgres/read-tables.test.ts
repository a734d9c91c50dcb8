import { openSync, closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countRows } from '../../src/agent/drill/count-rows.ts';
import { readTables } from '../../src/agent/drill/read-tables.ts';
import { initialise, removeDirectory, scratchDirectory, startServer } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';

describe.skipIf(missingTools('postgres'))('what a drill reads of a server', () => {
  let directory = '';
  let server: PostgresServer;
  const login = { user: 'postgres', password: 'secret' };
  const address = () => ({ host: '127.0.0.1', port: server.port });

  beforeAll(async () => {
    directory = scratchDirectory('read-tables');
    initialise({ dataDirectory: join(directory, 'pgdata') });
    server = await startServer({ dataDirectory: join(directory, 'pgdata'), settings: { fsync: 'off' } });
    await server.sql(`CREATE DATABASE "a ""b"" c"`);
    const client = await server.connect('a "b" c');
    await client.query(`
      CREATE SCHEMA "Odd name";
      CREATE TABLE "Odd name"."it's" (n int, long text);
      ALTER TABLE "Odd name"."it's" ALTER long SET STORAGE EXTERNAL;
      INSERT INTO "Odd name"."it's" SELECT n, repeat(md5(n::text), 500) FROM generate_series(1, 40) AS n;
      CREATE TABLE parts (n int) PARTITION BY RANGE (n);
      CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
      INSERT INTO parts SELECT generate_series(1, 7);
      CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM parts;
      CREATE MATERIALIZED VIEW never AS SELECT 1 WITH NO DATA;
      CREATE VIEW fails AS SELECT 1 / 0;
      CREATE TABLE hidden (n int);
      INSERT INTO hidden VALUES (1);
      ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      ALTER ROLE postgres SET statement_timeout = '1ms'`);
    await client.end();
  });
  afterAll(async () => {
    await server.stop();
    removeDirectory(directory);
  });

  it('is every table of every database, whatever its name, and nothing that is not stored here', async () => {
    const { databases, timeline, backup, lastCommit } = await readTables(address(), login, join(directory, 'pgdata'));
    expect({ timeline, backup, lastCommit }).toEqual({ timeline: 1, backup: null, lastCommit: null });
    expect(databases.map(({ bytes, ...rest }) => ({ ...rest, hasBytes: bytes > 1_000_000 }))).toEqual([
      // 40 rows, 7 of a part, one of the view that is stored, one that row security hides from others.
      { name: 'a "b" c', tables: 4, rows: 49, damaged: [], hasBytes: true },
      { name: 'postgres', tables: 0, rows: 0, damaged: [], hasBytes: true },
    ]);
  });

  it('counts by the names that people write', async () => {
    const counted = await countRows(address(), login, [
      'parts',
      'public.hidden',
      `"a ""b"" c"."Odd name"."it's"`,
      'postgres.public.parts',
      'nowhere',
    ]);
    expect(counted).toEqual([
      { table: '"a ""b"" c".public.parts', rows: 7 },
      { table: '"a ""b"" c".public.hidden', rows: 1 },
      { table: `"a ""b"" c"."Odd name"."it's"`, rows: 40 },
      { table: 'postgres.public.parts', rows: null },
      { table: 'nowhere', rows: null },
    ]);
    await expect(countRows(address(), login, ['a.b.c.d'])).resolves.toEqual([{ table: 'a.b.c.d', rows: null }]);
    await expect(countRows(address(), login, ['not a name'])).rejects.toThrow('not a name');
  });

  it('is named where it cannot be read, also where the value is stored out of line, and the rest is read', async () => {
    const client = await server.connect('a "b" c');
    const { rows } = await client.query<{ path: string }>(
      `SELECT pg_relation_filepath(reltoastrelid) AS path FROM pg_class WHERE relname = 'it''s'`,
    );
    await client.end();
    await server.stop();
    const file = openSync(join(directory, 'pgdata', rows[0]?.path ?? ''), 'r+');
    writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, 0);
    closeSync(file);
    server = await startServer({ dataDirectory: join(directory, 'pgdata'), settings: { fsync: 'off' } });
    const { databases } = await readTables(address(), login, join(directory, 'pgdata'));
    expect(databases[0]?.damaged.map(({ table }) => table)).toEqual([`"Odd name"."it's"`]);
    expect(databases[0]?.damaged[0]?.reason).toContain('invalid page');
    expect(databases[0]?.rows).toBe(9);
  });
});
