import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askForDump } from '../../src/agent/backup/demand-socket.ts';
import { noDumps } from '../../src/agent/contract.ts';
import { readDumps } from '../../src/agent/dump/stored-dumps.ts';
import type { StoredDumps } from '../../src/agent/dump/stored-dumps.ts';
import { asServerUser, eventually } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import { untilFailure, untilProtected } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { clockOf } from './support/clock.ts';
import { node } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';

const pod = podsOfEachTest();
const day = 86_400_000;

const dumpsOf = (one: Pod): Promise<StoredDumps> => readDumps(join(one.storeMount, 'shop/orders/dumps'));
const ask = (one: Pod, ...names: string[]) => askForDump(join(one.shared, 'agent.sock'), names);

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock', 'pg_dump', 'psql'))(
  'the agent dumps',
  () => {
    it('when somebody asks, what is asked for, and says what is there', async () => {
      const one = await pod('asked');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      await server.sql('CREATE DATABASE shop');
      const all = await ask(one);
      expect(all).toMatchObject({ kind: 'taken' });
      expect(await ask(one, 'shop')).toMatchObject({ kind: 'taken' });
      expect(await ask(one, 'nope')).toMatchObject({
        kind: 'failed',
        message: expect.stringMatching(/^no dump was made: there is no database "nope"; wanted one of /) as string,
      });
      const { complete } = await dumpsOf(one);
      expect(complete.map(({ databases }) => databases.map(({ name }) => name))).toEqual([
        ['postgres', 'shop'],
        ['shop'],
      ]);
      await eventually('the figures follow', async () => (await agent.metric('pgusher_dump_count')) === 2);
      expect(await agent.metric('pgusher_dump_wanted')).toBe(0);
      expect(await agent.metric('pgusher_dump_last_bytes')).toBeGreaterThan(1000);
      // Nobody wants any by a schedule: one that failed is told to who asked.
      await eventually('all is well', async () => (await agent.get('/readyz')).status === 200);
      const listed = spawnSync(node, [join(import.meta.dirname, '../../src/agent/main.ts'), 'dumps', '--json'], {
        ...asServerUser(),
        cwd: '/tmp',
        env: { ...process.env, PGUSHER_CONTRACT: JSON.stringify(one.contract) },
        encoding: 'utf8',
      });
      expect(JSON.parse(listed.stdout)).toMatchObject({
        dumps: [{ id: complete[0]?.id }, { id: complete[1]?.id }],
        damaged: [],
      });
    });

    it('by a schedule that comes without a new pod, and keeps as many as it should', async () => {
      const one = await pod('scheduled');
      const { clock, jump } = clockOf(one);
      const agent = await one.startAgent({ clock, contract: { dump: { ...noDumps, keep: 2 } } });
      await one.startServer();
      await untilProtected(agent);
      writeFileSync(join(one.liveSettings, 'dump-schedule'), '0 1 * * *');
      writeFileSync(join(one.liveSettings, 'dump-format'), 'custom');
      await eventually('the schedule is in force', async () => (await agent.metric('pgusher_dump_wanted')) === 1);
      expect((await dumpsOf(one)).complete).toEqual([]);
      const ids: string[] = [];
      for (let today = 1; today <= 3; today += 1) {
        jump(today * day);
        await eventually(
          `the dump of day ${today} is there`,
          async () => {
            const id = (await dumpsOf(one)).complete.at(-1)?.id;
            if (id !== undefined && id !== ids.at(-1)) ids.push(id);
            return ids.length === today;
          },
          () => agent.output(),
        );
      }
      await eventually('the oldest is gone', async () => (await dumpsOf(one)).complete.length === 2);
      expect((await dumpsOf(one)).complete.map(({ id, archives }) => [id, archives])).toEqual(
        ids.slice(1).map((id) => [id, 'custom']),
      );
    });

    it('never into what WAL needs, and says so', async (context) => {
      context.skip(!canMount(), 'mount needs root');
      const one = await pod('full');
      one.mount('store', 300);
      const agent = await one.startAgent({
        contract: { dump: { ...noDumps, schedule: '0 1 * * *', fixed: ['dump-schedule'] } },
      });
      const server = await one.startServer();
      await untilProtected(agent);
      await server.sql(
        `CREATE UNLOGGED TABLE big AS SELECT n, md5(random()::text) || md5(random()::text) AS text FROM generate_series(1, 8000000) AS n`,
      );
      const answer = await ask(one);
      expect(answer).toMatchObject({
        kind: 'failed',
        message: expect.stringMatching(/less than 67 MB were left in the place for backups, which WAL needs/) as string,
      });
      expect(await untilFailure(agent, 'dump', /WAL needs/)).toContain('lower dump-keep');
      expect(readdirSync(join(one.storeMount, 'shop/orders/dumps'))).toEqual([]);
      expect(await agent.metric('pgusher_protected')).toBe(1);
    });

    it('no more once it is told to stop, and leaves nothing of the one under way', async () => {
      const one = await pod('stopped');
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      await server.sql(
        `CREATE TABLE big AS SELECT n, md5(n::text) || md5((n + 1)::text) AS text FROM generate_series(1, 2000000) AS n`,
      );
      const asked = ask(one);
      const folder = join(one.storeMount, 'shop/orders/dumps');
      await eventually('a dump is under way', async () => (await agent.metric('pgusher_dump_running')) === 1);
      agent.signal('SIGTERM');
      expect(await asked).toMatchObject({ kind: 'failed' });
      await eventually('it is gone', () => readdirSync(folder).length === 0);
      await server.stop();
      expect(await agent.exited).toBe(0);
    });
  },
);
