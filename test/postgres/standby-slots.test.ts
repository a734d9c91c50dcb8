import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asServerUser, eventually, ownedDirectory } from '../support/postgres-server.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import type { Agent } from './support/backup-agent.ts';
import { untilProtected } from './support/backup-agent.ts';
import { clockOf } from './support/clock.ts';
import { podsOfEachTest } from './support/pods.ts';

const pod = podsOfEachTest();
const hour = 3_600_000;

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock'))('the slot of a standby', () => {
  it('that was scaled away is named with what it keeps, and how to drop it; never dropped', async () => {
    const one = await pod('slots');
    const { clock, jump } = clockOf(one);
    const server = await one.startServer({ settings: { max_slot_wal_keep_size: '1GB' } });
    for (const name of ['pgusher_orders_1', 'pgusher_orders_2', 'of_the_user']) {
      await server.sql(`SELECT pg_create_physical_replication_slot('${name}', true)`);
    }
    const standby = spawn(
      requireTool('pg_receivewal'),
      ['--slot=pgusher_orders_1', '-D', ownedDirectory(join(one.directory, 'standby'))].concat(
        ['-h', server.socketDirectory, '-p', String(server.port)],
        ['-U', 'postgres'],
      ),
      { ...asServerUser(), stdio: 'ignore', cwd: '/tmp' },
    );
    try {
      const agent = await one.startAgent({ clock });
      await untilProtected(agent);
      await server.sql('CREATE TABLE filler AS SELECT generate_series(1, 100000) AS n');
      await eventually(
        'both slots are in the metrics, with what they keep',
        async () =>
          (await agent.metric('pgusher_standby_slot_used{slot="pgusher_orders_1"}')) === 1 &&
          (await agent.metric('pgusher_standby_slot_used{slot="pgusher_orders_2"}')) === 0 &&
          (await agent.metric('pgusher_standby_slot_retained_bytes{slot="pgusher_orders_2"}')) > 1_000_000,
        () => agent.output(),
      );
      expect(await agent.metric('pgusher_slot_limit_bytes')).toBe(2 ** 30);
      expect(warnings(agent)).toEqual([]);
      jump(hour);
      await eventually(
        'it is said',
        () => warnings(agent).length > 0,
        () => agent.output(),
      );
      expect(warnings(agent)).toEqual([
        expect.stringMatching(
          /^no standby uses slot pgusher_orders_2, for which the server keeps \S+ MB of WAL, at most 1\.1 GB \(max_slot_wal_keep_size\)\. .+ SELECT pg_drop_replication_slot\('pgusher_orders_2'\)$/,
        ),
      ]);
      expect((await agent.get('/metrics')).body).not.toContain('of_the_user');
      // It is no reason to call the database unprotected.
      await untilProtected(agent);
      expect(await server.sql('SELECT slot_name FROM pg_replication_slots ORDER BY 1')).toHaveLength(4);

      // The receiver of the backup is turned away from here on, so that its slot keeps what is written.
      const hba = join(one.dataDirectory, 'pg_hba.conf');
      writeFileSync(hba, `host replication all all reject\n${readFileSync(hba, 'utf8')}`);
      await server.sql('SELECT pg_reload_conf()');
      await server.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'pgusher'");
      await server.sql('CREATE TABLE more AS SELECT generate_series(1, 100000) AS n');
      await server.sql("SELECT pg_drop_replication_slot('pgusher_orders_2')");
      await eventually(
        'the one is gone, and what the other keeps is told',
        async () =>
          !(await agent.get('/metrics')).body.includes('pgusher_orders_2') &&
          (await agent.metric('pgusher_slot_retained_bytes')) > 1_000_000,
        () => agent.output(),
      );
    } finally {
      standby.kill('SIGKILL');
    }
  });
});

function warnings(agent: Agent): unknown[] {
  return agent
    .lines()
    .filter((line) => line['level'] === 'warn' && 'slot' in line)
    .map((line) => line['msg']);
}
