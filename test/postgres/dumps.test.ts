import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDumpManifest } from '../../src/agent/dump/dump-manifest.ts';
import type { DumpManifest } from '../../src/agent/dump/dump-manifest.ts';
import { readDumps } from '../../src/agent/dump/stored-dumps.ts';
import {
  asServerUser,
  descendants,
  eventually,
  initialise,
  removeDirectory,
  scratchDirectory,
  serverOwner,
  startServer,
} from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import { node } from './support/database-with-store.ts';

/** Whatever a database may be called. PostgreSQL 19 has no line breaks in names, and pg_dumpall has refused them for longer. */
const names = [
  'orders',
  'two words',
  'it\'s "quoted"',
  'up/../../and/away',
  'semi;colon',
  '--help',
  '-d',
  'host=elsewhere dbname=x',
  'postgresql://u:p@elsewhere/x',
  'größe 表 🐘',
  '$(touch x)`y`\\n',
  '..',
  '%s%d',
];

const main = join(import.meta.dirname, '../../src/agent/main.ts');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

describe.skipIf(missingTools('postgres', 'pg_dump', 'pg_restore', 'psql'))('dumps by hand', () => {
  let directory = '';
  let server: PostgresServer;
  let other: PostgresServer;

  beforeAll(async () => {
    directory = scratchDirectory('dumps');
    initialise({ dataDirectory: join(directory, 'data') });
    server = await startServer({ dataDirectory: join(directory, 'data'), settings: { fsync: 'off' } });
    await server.sql(`CREATE ROLE "app's" LOGIN PASSWORD 'app secret'`);
    await server.sql("CREATE ROLE limited LOGIN PASSWORD 'limited'");
    for (const [index, name] of names.entries()) {
      await server.sql(`CREATE DATABASE ${quoted(name)}`);
      const client = await server.connect(name);
      await client.query(`
        CREATE TABLE t (id serial PRIMARY KEY, what text);
        INSERT INTO t (what) SELECT 'row ' || n || ' of ${index}' FROM generate_series(1, ${100 + index}) AS n;
        CREATE SCHEMA "Odd one"; CREATE TABLE "Odd one"."a b" AS SELECT 1 AS one;
        ALTER TABLE t OWNER TO "app's";
        SELECT lo_create(0);`);
      await client.end();
      await server.sql(`ALTER DATABASE ${quoted(name)} SET search_path = "$user", public, "Odd one"`);
      await server.sql(`COMMENT ON DATABASE ${quoted(name)} IS E'two\\nlines'`);
    }
  });
  afterAll(async () => {
    await server.stop();
    removeDirectory(directory);
  });

  const login = (to: PostgresServer, user = 'postgres', password = 'secret'): Record<string, string> => ({
    PATH: process.env['PATH'] ?? '',
    HOME: '/tmp',
    NODE_NO_WARNINGS: '1',
    PGHOST: '127.0.0.1',
    PGPORT: String(to.port),
    PGUSER: user,
    PGPASSWORD: password,
  });

  function agent(args: readonly string[], env = login(server)): Ended {
    const { status, stdout, stderr } = spawnSync(node, [main, ...args], {
      ...asServerUser(),
      cwd: '/tmp',
      env,
      encoding: 'utf8',
    });
    return { code: status, out: stdout, error: stderr };
  }

  async function dump(to: string, ...options: string[]): Promise<DumpManifest> {
    const ended = agent(['dump', '--to', join(directory, to), ...options]);
    expect(ended).toMatchObject({ code: 0 });
    return readDumpManifest(ended.out.trim());
  }

  /** All rows of all databases, and what stands about the databases themselves. */
  async function contentOf(from: PostgresServer): Promise<unknown> {
    const databases: unknown[] = [];
    for (const name of names) {
      const client = await from.connect(name);
      const { rows } = await client.query(`SELECT current_database(),
        (SELECT json_agg(t ORDER BY id) FROM public.t) AS t, (SELECT json_agg(x) FROM "Odd one"."a b" AS x) AS odd,
        (SELECT count(*) FROM pg_largeobject_metadata) AS objects, current_setting('search_path') AS path,
        (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public.t'::regclass) AS owner,
        (SELECT last_value FROM public.t_id_seq) AS sequence,
        (SELECT json_build_array(pg_encoding_to_char(encoding), datcollate, shobj_description(oid, 'pg_database')) FROM pg_database WHERE datname = current_database()) AS about`);
      databases.push(rows[0]);
      await client.end();
    }
    return databases;
  }

  async function withEmptyServer(work: (empty: PostgresServer) => Promise<void>): Promise<void> {
    const data = join(directory, `empty-${String(Math.random()).slice(2)}`);
    initialise({ dataDirectory: data });
    other = await startServer({ dataDirectory: data, settings: { fsync: 'off' } });
    try {
      await work(other);
    } finally {
      await other.stop();
      removeDirectory(data);
    }
  }

  describe.each(['directory', 'custom', 'plain'])('of format %s', (format) => {
    it('bring back every database, whatever its name, with its rows, owners and settings', async () => {
      const manifest = await dump(format, '--format', format);
      expect(manifest.databases.map(({ name, kind }) => [name, kind])).toEqual(
        [...names, 'postgres'].toSorted(byBytes).map((name) => [name, 'dumped']),
      );
      expect(manifest.snapshot).toMatchObject({ shared: true, reason: null });
      await withEmptyServer(async (empty) => {
        expect(agent(['load', 'latest', '--in', join(directory, format), '--globals'], login(empty))).toMatchObject({
          code: 0,
          out: `${manifest.id} is loaded\n`,
        });
        const wanted = (await contentOf(server)) as { path: string; about: unknown[] }[];
        // SQL of one database knows nothing about the database itself.
        const plain = wanted.map((one) => ({
          ...one,
          path: '"$user", public',
          about: [...one.about.slice(0, 2), null],
        }));
        expect(await contentOf(empty)).toEqual(format === 'plain' ? plain : wanted);
        const client = await connectAs(empty, "app's", 'app secret');
        await client.end();
        expect(agent(['load', 'latest', '--in', join(directory, format)], login(empty))).toMatchObject({
          code: 1,
          out: '',
          error: expect.stringMatching(
            /is not empty: it has .*wanted an empty one, or one that is not there: --into NAME/,
          ) as string,
        });
      });
    });
  });

  it('say of which server, how large and by whom, and no password is in any of it', async () => {
    const manifest = await dump('facts', '--database', 'orders', '--no-role-passwords');
    expect(manifest).toMatchObject({
      client: expect.stringMatching(/^pg_dump \d+$/) as string,
      server: {
        major: Number(manifest.server.version.split('.')[0]),
        systemId: expect.stringMatching(/^\d+$/) as string,
      },
      globals: { kind: 'dumped', rolePasswords: false },
      databases: [{ name: 'orders', owner: 'postgres', encoding: 'UTF8', size: expect.any(Number) as number }],
    });
    expect(manifest.leftOut).toContainEqual({ name: 'template0', reason: 'not asked for' });
    const globals = readFileSync(join(directory, 'facts', manifest.id, 'globals.sql'), 'utf8');
    expect(globals).toContain('limited');
    expect(globals).not.toContain('SCRAM');
  });

  it('of one table come into another database', async () => {
    const { id } = await dump('table', '--database', 'it\'s "quoted"');
    const load = (...options: string[]) => agent(['load', id, '--in', join(directory, 'table'), ...options]);
    expect(load('--into', 'one table', '--table', 'public.t')).toMatchObject({ code: 0 });
    const client = await server.connect('one table');
    expect((await client.query('SELECT count(*)::int AS n FROM t')).rows).toEqual([{ n: 102 }]);
    await client.end();
    expect(load('--into', 'one table', '--table', 't')).toMatchObject({
      code: 1,
      error:
        'database "one table" has t already; wanted a target without it: --into NAME of a new database. Nothing was loaded\n',
    });
    expect(load('--into', 'none', '--table', 'nowhere')).toMatchObject({
      code: 1,
      error: expect.stringContaining('the dump has no table nowhere; nothing is left of it') as string,
    });
    expect(await server.sql(`SELECT datname FROM pg_database WHERE datname ~ 'none|loading'`)).toEqual([]);
    await server.sql('DROP DATABASE "one table"');
  });

  it('of which one database fails have the others, say so, and keep the last good one', async () => {
    const folder = join(directory, 'failing');
    const first = await dump('failing', '--database', 'orders', 'two words');
    const client = await server.connect('orders');
    await client.query('REVOKE ALL ON SCHEMA public FROM limited; CREATE TABLE hidden (n int)');
    await client.end();
    for (const name of ['orders', 'two words']) {
      const each = await server.connect(name);
      await each.query(
        'GRANT USAGE ON SCHEMA public, "Odd one" TO limited; GRANT SELECT ON t, t_id_seq, "Odd one"."a b" TO limited',
      );
      await each.query('SELECT lo_unlink(oid) FROM pg_largeobject_metadata');
      await each.end();
    }
    const ended = agent(
      ['dump', '--to', folder, '--database', 'orders', 'two words', '--no-role-passwords', '--keep', '1'],
      login(server, 'limited', 'limited'),
    );
    expect(ended.code).toBe(1);
    expect(ended.error).toMatch(
      /NOT DUMPED: database "orders": .*permission denied for table hidden.*Wanted a login that may read everything/,
    );
    const { complete } = await readDumps(folder);
    expect(complete.map(({ id, databases }) => [id === first.id, databases.map(({ kind }) => kind)])).toEqual([
      [true, ['dumped', 'dumped']],
      [false, ['failed', 'dumped']],
    ]);
    expect(readdirSync(folder).toSorted()).toEqual(complete.map(({ id }) => id));
    expect(agent(['load', 'latest', '--in', folder, '--into', 'back', '--database', 'orders']).error).toContain(
      'Wanted an older dump of it',
    );
    const again = await server.connect('orders');
    await again.query('DROP TABLE hidden');
    await again.end();
  });

  it('of which no database could be made leave nothing', () => {
    const ended = agent(
      ['dump', '--to', join(directory, 'none'), '--database', 'orders'],
      login(server, 'limited', 'wrong'),
    );
    expect(ended).toMatchObject({
      code: 1,
      error: expect.stringContaining('password authentication failed') as string,
    });
    expect(ended.error).not.toContain('wrong');
    expect(agent(['dump', '--to', join(directory, 'none'), '--database', 'nope'])).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^there is no database "nope"; wanted one of /) as string,
    });
    expect(existsSync(join(directory, 'none'))).toBe(false);
  });

  it('that are damaged are refused before anything is loaded', async () => {
    const { id, databases } = await dump('damaged', '--database', 'orders');
    const [database] = databases;
    const file = database?.kind === 'dumped' ? database.files.at(-1)?.file : undefined;
    appendFileSync(join(directory, 'damaged', id, file ?? ''), 'x');
    expect(agent(['load', id, '--in', join(directory, 'damaged'), '--into', 'damaged'])).toMatchObject({
      code: 1,
      error: expect.stringMatching(
        /is not what was stored; wanted \d+ bytes with SHA-256 \w+\. Nothing was loaded/,
      ) as string,
    });
    expect(await server.sql(`SELECT datname FROM pg_database WHERE datname = 'damaged'`)).toEqual([]);
  });

  describe('that are ended in the middle', () => {
    beforeAll(async () => {
      await server.sql('CREATE DATABASE large');
      const client = await server.connect('large');
      await client.query(
        `CREATE TABLE big AS SELECT n, md5(n::text) || md5((n + 1)::text) AS text FROM generate_series(1, 1500000) AS n`,
      );
      await client.end();
    });
    afterAll(async () => {
      await server.sql('DROP DATABASE large');
    });

    async function endedBy(
      signal: NodeJS.Signals,
      to: string,
    ): Promise<{ code: number | string; pids: readonly number[] }> {
      const child = spawn(node, [main, 'dump', '--to', to, '--database', 'large', '--jobs', '1'], {
        ...asServerUser(),
        cwd: '/tmp',
        env: login(server),
        stdio: 'ignore',
      });
      const exited = new Promise<number | string>((resolve) =>
        child.once('exit', (code, how) => {
          resolve(code ?? how ?? '');
        }),
      );
      const archive = (): string[] =>
        existsSync(to)
          ? readdirSync(to).flatMap((name) => {
              const path = join(to, name, '001-large');
              return existsSync(path) ? readdirSync(path) : [];
            })
          : [];
      await eventually('pg_dump writes', () => archive().length > 0);
      const pids = descendants(child.pid ?? 0).filter((pid) => pid !== child.pid);
      expect(pids.length).toBeGreaterThan(0);
      child.kill(signal);
      return { code: await exited, pids };
    }

    it.each(['SIGINT', 'SIGTERM'] as const)('by %s leave nothing, and no pg_dump', async (signal) => {
      const to = join(directory, `ended-${signal}`);
      const { code, pids } = await endedBy(signal, to);
      expect(code).toBe(1);
      expect(readdirSync(to)).toEqual([]);
      expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    });

    it('by SIGKILL leave nothing that looks like a dump, and what they left goes with a later one', async () => {
      const to = join(directory, 'killed');
      const { pids } = await endedBy('SIGKILL', to);
      await eventually('its programs are gone', () => pids.every((pid) => !existsSync(`/proc/${pid}`)));
      const [left = ''] = readdirSync(to);
      expect(left).toMatch(/^\.tmp-/);
      expect(agent(['dumps', '--in', to]).out).toBe(`There is no dump in ${to}.\n`);
      expect(agent(['load', 'latest', '--in', to])).toMatchObject({ code: 1, error: `there is no dump in ${to}\n` });
      execFileSync('touch', ['-d', '1 hour ago', join(to, left)]);
      const { id } = await dump('killed', '--database', 'orders');
      expect(readdirSync(to)).toEqual([id]);
    });

    it.skipIf(!canMount())('by a disk that is full say so, and leave the dumps of before', async () => {
      const to = join(directory, 'small');
      mkdirSync(to);
      const { uid, gid } = serverOwner();
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=8m,uid=${uid},gid=${gid},mode=0700`, 'pgusher-test', to]);
      try {
        const { id } = await dump('small', '--database', 'orders');
        const ended = agent(['dump', '--to', to, '--database', 'large', '--keep', '1']);
        expect(ended.code).toBe(1);
        expect(ended.error).toMatch(
          /no database could be dumped: "large": .*No space left on device.*The place for dumps is full/,
        );
        expect(readdirSync(to)).toEqual([id]);
      } finally {
        execFileSync('umount', ['--lazy', to]);
      }
    });

    it('while they are loaded leave no database', async () => {
      const to = join(directory, 'interrupted');
      await dump('interrupted', '--database', 'large');
      const child = spawn(node, [main, 'load', 'latest', '--in', to, '--database', 'large', '--into', 'half'], {
        ...asServerUser(),
        cwd: '/tmp',
        env: login(server),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let error = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
      const exited = new Promise((resolve) => child.once('close', resolve));
      await eventually('rows are loaded', async () => {
        const rows = await server.sql(
          `SELECT 1 FROM pg_stat_activity WHERE datname LIKE 'pgusher_loading_%' AND query LIKE 'COPY%'`,
        );
        return rows.length > 0;
      });
      child.kill('SIGINT');
      expect(await exited).toBe(1);
      expect(error).toContain('database "large" is not loaded into "half": interrupted; nothing is left of it');
      expect(await server.sql(`SELECT datname FROM pg_database WHERE datname ~ 'half|loading'`)).toEqual([]);
    });

    it('by a database that is dropped say so, and have the others', async () => {
      await server.sql('CREATE DATABASE doomed TEMPLATE large');
      const to = join(directory, 'dropped');
      const child = spawn(node, [main, 'dump', '--to', to, '--database', 'doomed', 'orders', '--jobs', '1'], {
        ...asServerUser(),
        cwd: '/tmp',
        env: login(server),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let error = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
      const exited = new Promise((resolve) => child.once('close', resolve));
      await eventually('pg_dump is at it', async () => {
        const rows = await server.sql(
          `SELECT 1 FROM pg_stat_activity WHERE datname = 'doomed' AND application_name = 'pgusher' AND query LIKE 'COPY%'`,
        );
        return rows.length > 0;
      });
      await server.sql('DROP DATABASE doomed WITH (FORCE)');
      expect(await exited).toBe(1);
      expect(error).toMatch(/NOT DUMPED: database "doomed": it was dropped or renamed while it was dumped/);
      const { complete } = await readDumps(to);
      expect(complete.map(({ databases }) => databases.map(({ name, kind }) => [name, kind]))).toEqual([
        [
          ['doomed', 'failed'],
          ['orders', 'dumped'],
        ],
      ]);
    });
  });

  it('show the same moment in every database, also under load', async () => {
    const stop = new AbortController();
    const clients = await Promise.all(['orders', 'two words'].map((name) => server.connect(name)));
    for (const client of clients) await client.query('CREATE TABLE IF NOT EXISTS ticks (n int)');
    // One after the other: at each moment both have the same count, or the first has one more.
    const ticking = (async () => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        for (const client of clients) await client.query(`INSERT INTO ticks VALUES (${n})`);
      }
    })();
    try {
      const { id, snapshot } = await dump('moment', '--database', 'orders', 'two words');
      expect(snapshot.shared).toBe(true);
      const counts: number[] = [];
      for (const name of ['orders', 'two words']) {
        const into = `copy of ${name}`;
        expect(
          agent(['load', id, '--in', join(directory, 'moment'), '--database', name, '--into', into]),
        ).toMatchObject({ code: 0 });
        const copy = await server.connect(into);
        counts.push((await copy.query<{ n: number }>('SELECT count(*)::int AS n FROM ticks')).rows[0]?.n ?? NaN);
        await copy.end();
      }
      const [one = NaN, two = NaN] = counts;
      expect(one).toBeGreaterThan(0);
      expect([0, 1]).toContain(one - two);
    } finally {
      stop.abort();
      await ticking;
      for (const client of clients) {
        await client.query('DROP TABLE ticks');
        await client.end();
      }
    }
  });
});

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function byBytes(one: string, two: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(two));
}

async function connectAs(server: PostgresServer, user: string, password: string) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ host: '127.0.0.1', port: server.port, user, password, database: 'postgres' });
  await client.connect();
  return client;
}
