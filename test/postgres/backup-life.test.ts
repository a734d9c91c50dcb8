import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runBackupNow } from '../../src/agent/backup/run-backup-now.ts';
import { runList } from '../../src/agent/list/run-list.ts';
import { parseLsn } from '../../src/agent/store/wal-name.ts';
import { eventually, ownedDirectory } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { storeRootOf, systemIdOf, untilProtected, untilReceived } from './support/backup-agent.ts';
import { collectPrint } from './support/collected-print.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRestored } from './support/restored-server.ts';
import { lostRows, startWriters } from './support/writers.ts';

const pod = podsOfEachTest();

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock'))(
  'a backup from the first start to the last',
  () => {
    it('answers before PostgreSQL is there, then takes its first base backup by itself, and keeps every byte of a clean stop', async () => {
      const one = await pod('life');
      const agent = await one.startAgent();
      expect((await agent.get('/livez')).status).toBe(200);
      expect((await agent.get('/readyz')).status).toBe(503);
      expect(await agent.metric('pgusher_protected')).toBe(0);

      const server = await one.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      const [first] = await one.backups(systemId);
      expect(first).toMatchObject({ systemId, major: 15, timeline: 1, compression: 'zstd' });
      expect(first?.verified?.manifest).toBe(true);
      expect(first?.settings['max_connections']).toBe(100);

      await server.sql('CREATE TABLE kept AS SELECT generate_series(1, 200000) AS n');
      await server.stop();
      const stopped = await agent.stop();
      expect(stopped.code).toBe(0);
      // It waits for nothing. Two seconds is for a machine at rest, and measured by bench:agent.
      expect(stopped.milliseconds).toBeLessThan(10_000);

      const restored = await startRestored(one, systemId);
      expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 200_000 }]);
      await restored.kill();
    });

    it('receives up to the shutdown checkpoint', async () => {
      const one = await pod('shutdown');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      await server.sql('CREATE TABLE t AS SELECT 1');
      await server.stop();
      await agent.stop();
      const control = readFileSync(join(one.dataDirectory, 'global/pg_control'));
      // ControlFileData: checkPoint, the position of the last checkpoint record, stands at byte 32.
      const checkpoint = control.readBigUInt64LE(32);
      const incoming = join(storeRootOf(one), systemId, 'incoming/00000001');
      const [partial] = readdirSync(incoming).filter((name) => name.endsWith('.partial'));
      const offset = Number(checkpoint % 16_777_216n);
      const record = readFileSync(join(incoming, partial ?? '')).subarray(offset, offset + 24);
      const original = readFileSync(join(one.dataDirectory, 'pg_wal', (partial ?? '').replace('.partial', '')));
      expect(record.equals(original.subarray(offset, offset + 24))).toBe(true);
      expect(record.readUInt32LE(0)).toBeGreaterThan(0);
    });

    it('tells pre-stop.sh how far it is', async () => {
      const one = await pod('flushed');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const [row] = await server.sql<{ lsn: string }>('SELECT pg_switch_wal()::text AS lsn');
      const wanted = parseLsn(row?.lsn ?? '');
      const file = join(one.shared, 'receiver');
      const startedAt = performance.now();
      await eventually(
        'the file says that it is flushed',
        () => {
          if (!existsSync(file)) {
            return false;
          }
          const text = readFileSync(file, 'utf8');
          expect(text).toMatch(/^flushed=[0-9A-F]+\/[0-9A-F]+\n$/);
          return parseLsn(text.trim().slice('flushed='.length)) >= wanted;
        },
        () => agent.output(),
      );
      // The hook gives it half of what it has itself: 15 s by default.
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    });

    it('makes a base backup when it is asked to, again and again, and lists them', async () => {
      const one = await pod('now');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const said = collectPrint();
      expect(await runBackupNow(one.shared, said.print)).toBe(0);
      expect(await runBackupNow(one.shared, said.print)).toBe(0);
      const records = await one.backups(await systemIdOf(server));
      const ids = records.map((record) => record.id);
      const now = new Date(records[0]?.finishedAt ?? '');
      expect(ids).toHaveLength(3);
      expect(ids.slice(1)).toEqual(said.lines);

      const table = collectPrint();
      expect(await runList({ from: { root: storeRootOf(one) }, environment: {}, json: false, now }, table.print)).toBe(
        0,
      );
      const [header, ...rows] = (table.lines[0] ?? '').split('\n');
      expect(header).toMatch(/^ID +START +SIZE +STORED +WAL FROM +WAL TO +VERIFIED +AGE$/);
      expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(ids);
      expect(rows.every((row) => / {2}yes {2,}0m$/.test(row))).toBe(true);

      const json = collectPrint();
      await runList({ from: { root: storeRootOf(one) }, environment: {}, json: true, now }, json.print);
      const listing = JSON.parse(json.lines[0] ?? '') as { backups: { id: string; gap: null }[] };
      expect(listing.backups.map((backup) => backup.id)).toEqual(ids);
      expect(listing.backups.map((backup) => backup.gap)).toEqual([null, null, null]);
      await server.stop();
    });

    it('tells /metrics and the status page what can be recovered', async () => {
      const one = await pod('pages');
      const before = Date.now() / 1000;
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      await server.sql('CREATE TABLE kept AS SELECT 1 AS n');
      await untilReceived(server, agent);
      const caughtUp = (Date.now() / 1000) | 0;
      await eventually(
        'all WAL of now is in the store',
        async () => (await agent.metric('pgusher_last_wal_flushed_timestamp_seconds')) >= caughtUp,
        () => agent.output(),
      );
      const from = await agent.metric('pgusher_recoverable_from_timestamp_seconds');
      expect(from).toBeGreaterThanOrEqual(before);
      expect(await agent.metric('pgusher_recoverable_to_timestamp_seconds')).toBeGreaterThanOrEqual(caughtUp);
      expect(await agent.metric('pgusher_last_base_backup_timestamp_seconds')).toBe(from);
      expect(await agent.metric('pgusher_last_verification_timestamp_seconds')).toBeGreaterThanOrEqual(from);
      expect(await agent.metric('pgusher_last_verification_success')).toBe(1);
      expect(await agent.metric('pgusher_slot_status{status="reserved"}')).toBe(1);
      expect(await agent.metric('pgusher_store_bytes_free')).toBeGreaterThan(0);
      expect(await agent.metric('pgusher_wal_gap_total')).toBe(0);
      expect(await agent.metric('pgusher_protected')).toBe(1);
      const [backup] = await one.backups(await systemIdOf(server));
      const page = (await agent.get('/')).body;
      expect(page).toContain('<h1>shop/orders: <span class="good">protected</span></h1>');
      expect(page).toContain(`<td>${backup?.id ?? ''}</td>`);
      await server.stop();
      await eventually('the page says that it is not', async () =>
        (await agent.get('/')).body.includes('<span class="bad">NOT PROTECTED</span>'),
      );
      expect(await agent.metric('pgusher_protected')).toBe(0);
    });

    it('writes down tablespaces, so that a restore can refuse them', async () => {
      const one = await pod('tablespace');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const location = ownedDirectory(join(one.directory, 'elsewhere'));
      await server.sql(`CREATE TABLESPACE fast LOCATION '${location}'`);
      await server.sql('CREATE TABLE kept TABLESPACE fast AS SELECT 1 AS n');
      const said = collectPrint();
      expect(await runBackupNow(one.shared, said.print)).toBe(0);
      await Promise.all([server.kill(), agent.kill()]);
      one.loseVolume();
      const { reason } = await runRestoreProcess(one, one.contract, { pod: 'orders-0' });
      expect(reason).toMatch(
        new RegExp(
          `^base backup ${said.lines[0] ?? ''} holds tablespaces \\(\\d+ at ${location}\\) that lie on no claim that the server's container mounts`,
        ),
      );
    });

    it.each(['gzip', 'none'] as const)('stores with %s too, and it restores', async (compression) => {
      const one = await pod(compression);
      const agent = await one.startAgent({ backup: { compression } });
      const server = await one.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      await server.sql('CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
      await server.sql('SELECT pg_switch_wal()');
      const ending = compression === 'gzip' ? '.gz' : '';
      const wal = join(storeRootOf(one), systemId, 'wal/00000001');
      await eventually('a segment was moved', () => existsSync(join(wal, `000000010000000000000003${ending}`)));
      await server.kill();
      await agent.stop();
      const restored = await startRestored(one, systemId);
      expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 1000 }]);
      await restored.kill();
    });

    it('goes on after the agent was killed under load, without a gap', async () => {
      const one = await pod('killed');
      let agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      const writers = await startWriters(server, 4);
      for (let round = 0; round < 3; round += 1) {
        await writers.more(50);
        await agent.kill();
        await server.sql('SELECT pg_switch_wal()');
        agent = await one.startAgent();
      }
      await writers.more(50);
      await untilProtected(agent);
      await writers.stop();
      await server.stop();
      await agent.stop();
      expect(existsSync(join(storeRootOf(one), systemId, 'gaps.json'))).toBe(false);
      const restored = await startRestored(one, systemId);
      expect(await lostRows(restored, writers)).toEqual([]);
      await restored.kill();
    });

    it('loses nothing that was in the store when the server was killed under load, which is what was committed a second before', async () => {
      const one = await pod('sigkill');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      const writers = await startWriters(server, 8);
      let promised = 0;
      let quickest = Infinity;
      for (let look = 0; look < 5; look += 1) {
        await writers.more(100);
        promised = performance.now();
        await untilReceived(server, agent);
        quickest = Math.min(quickest, performance.now() - promised);
      }
      await server.kill();
      await writers.stop();
      await agent.kill();
      const restored = await startRestored(one, systemId);
      expect(await lostRows(restored, writers, promised)).toEqual([]);
      // The quickest of five: a disk that others keep busy makes any one of them wait.
      expect(quickest).toBeLessThan(1000);
      await restored.kill();
    });

    it('goes on with a server that is started again, and follows a smart shutdown without holding it up', async () => {
      const one = await pod('restart');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      const startedAt = performance.now();
      await server.stop('SIGTERM');
      // It would wait for a client for ever.
      expect(performance.now() - startedAt).toBeLessThan(30_000);
      await eventually('it is noticed', async () => (await agent.get('/readyz')).status === 503);
      const again = await one.startServer();
      await untilProtected(agent);
      await again.sql('CREATE TABLE kept AS SELECT 1 AS n');
      await again.stop();
      await agent.stop();
      expect(await one.backups(systemId)).toHaveLength(1);
      const restored = await startRestored(one, systemId);
      expect(await restored.sql('SELECT n FROM kept')).toEqual([{ n: 1 }]);
      await restored.kill();
    });

    it('waits for the server when it is told to stop first', async () => {
      const one = await pod('first');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      agent.signal('SIGINT');
      // Time to do what it must not.
      await sleep(1000);
      await server.sql('CREATE TABLE late AS SELECT 7 AS n');
      await server.stop();
      expect(await agent.exited).toBe(0);
      const restored = await startRestored(one, systemId);
      expect(await restored.sql('SELECT n FROM late')).toEqual([{ n: 7 }]);
      await restored.kill();
    });
  },
);
