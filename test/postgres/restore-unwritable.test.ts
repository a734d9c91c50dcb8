import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PostgresServer } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import type { Pod } from './support/backup-agent.ts';
import { storeRootOf, untilFailure, untilProtected, untilReceived } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRecoveredIn } from './support/recovery.ts';

const pod = podsOfEachTest();

/** A store that can only be read while a point in time is restored from it: that it was is recorded before anything newer is archived. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock') || !canMount())(
  'a point in time, restored from a store that was read-only',
  () => {
    it('does not come back after the next loss', async () => {
      const one = await pod('unwritable');
      one.mount('store', 400);
      const agent = await one.startAgent();
      const server = await one.startServer();
      await untilProtected(agent);
      await server.sql('CREATE TABLE kept AS SELECT 1 AS n');
      await server.sql("SELECT pg_create_restore_point('before')");
      await server.sql('INSERT INTO kept VALUES (2)');
      await untilReceived(server, agent);
      await lose(one);

      const record = join(storeRootOf(one), 'restores', 'first.json');
      execFileSync('mount', ['-o', 'remount,ro', one.storeMount]);
      const back = await restored(one);
      expect(await numbers(back)).toEqual([1]);
      const second = await one.startAgent();
      expect(await untilFailure(second, 'identity', /nothing is archived/)).toContain(
        'cannot be written: EROFS: read-only file system',
      );
      expect(existsSync(record)).toBe(false);

      execFileSync('mount', ['-o', 'remount,rw', one.storeMount]);
      await untilProtected(second);
      expect(existsSync(record)).toBe(true);
      await back.sql('INSERT INTO kept VALUES (3)');
      await untilReceived(back, second);
      await lose(one);

      expect(await numbers(await restored(one))).toEqual([1, 3]);
    });
  },
);

async function lose(one: Pod): Promise<void> {
  await one.kill();
  one.loseVolume();
}

/** As the annotations ask for it, which stay as they are. */
async function restored(one: Pod): Promise<PostgresServer> {
  const target = { kind: 'name', value: 'before', inclusive: true } as const;
  const contract = { ...one.contract, restore: { backup: 'latest', target, id: 'first' } };
  const { reason } = await runRestoreProcess(one, contract, { pod: 'orders-0' });
  expect(reason).toBe('');
  return await startRecoveredIn(one, contract);
}

async function numbers(server: PostgresServer): Promise<number[]> {
  return (await server.sql<{ n: number }>('SELECT n FROM kept ORDER BY n')).map((row) => row.n);
}
