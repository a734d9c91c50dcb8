import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, ownedDirectory, removeDirectory } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { untilProtected } from './support/backup-agent.ts';
import type { Agent, Pod } from './support/backup-agent.ts';
import { Bucket } from './support/bucket.ts';
import { podsOfEachTest } from './support/pods.ts';
import { serveWal } from './support/recovery.ts';
import { hasEverything, replicaSet, untilKept, untilReplicationRole } from './support/replica-set.ts';

const pod = podsOfEachTest();

/** One claim for all pods of a set, and its copy in a bucket: each agent could send what is there. */
describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'go'))(
  'a shared claim with an off-site copy',
  () => {
    let bucket: Bucket;
    beforeAll(async () => {
      bucket = await Bucket.start('shared-bucket');
    });
    afterAll(async () => {
      await bucket.remove();
    });

    async function untilCopied(agent: Agent): Promise<void> {
      await eventually(
        'all of the claim is off-site',
        async () =>
          (await agent.metric('pgusher_offsite_ours')) === 1 &&
          (await agent.metric('pgusher_offsite_base_backups')) > 0 &&
          (await agent.metric('pgusher_offsite_lag_bytes')) === 0,
        () => agent.output(),
      );
    }

    async function requestsOf(agent: Agent): Promise<number> {
      const { body } = await agent.get('/metrics');
      return [...body.matchAll(/^pgusher_offsite_requests_total\{.*\} (\d+)$/gm)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
    }

    it('is sent by the agent beside the primary alone, the promoted one goes on, and the bucket has all of both', async () => {
      const offsite = { address: bucket.address, pushSeconds: 1 };
      const set = await replicaSet(pod, 'off-site-shared', 2, { offsite }, 'shared');
      const [zero, one] = set.pods as [Pod, Pod];
      const options = { environment: bucket.environment };
      const old = await set.start(0);
      const agent = await set.agent(0, options);
      await untilReplicationRole(old, () => agent.output());
      await old.sql('CREATE TABLE kept (n int)');
      await old.sql('INSERT INTO kept VALUES (1)');
      await untilProtected(agent);
      await untilCopied(agent);
      expect((await set.restore(1, bucket.environment)).reason).toBe('');
      let promoted = await set.start(1);
      await eventually('the standby streams', () => hasEverything(old, 'orders-1'));
      const beside = await set.agent(1, options);
      await pause(3_000);
      expect(await requestsOf(beside)).toBe(0);

      await old.sql('INSERT INTO kept VALUES (2)');
      await untilCopied(agent);
      await eventually('the standby has it', () => hasEverything(old, 'orders-1'));
      await old.stop();
      await promoted.sql('SELECT pg_promote()');
      await promoted.sql('INSERT INTO kept VALUES (3)');
      await untilProtected(beside);
      await untilCopied(beside);
      // The one beside the server that was primary reads the same claim, and what the other's receiver is writing there just now.
      const before = await requestsOf(agent);
      for (let n = 4; n < 12; n += 1) {
        await promoted.sql('INSERT INTO kept VALUES ($1)', [n]);
        await pause(500);
      }
      expect(await requestsOf(agent)).toBe(before);
      expect(await agent.metric('pgusher_offsite_ours')).toBe(0);
      await untilCopied(beside);
      expect(beside.output()).not.toContain('nothing is sent off-site');

      // Both volumes and the claim are lost.
      await promoted.kill();
      await beside.kill();
      await agent.kill();
      for (const lost of [zero, one]) lost.loseVolume();
      removeDirectory(zero.storeMount);
      ownedDirectory(zero.storeMount);
      set.record('orders-1', 2);
      expect((await set.restore(1, bucket.environment)).reason).toBe('');
      const service = await serveWal(one.shared, set.contract(1), { liveSettings: one.liveSettings, pod: 'orders-1' });
      try {
        promoted = await set.start(1);
        await untilKept(promoted, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      } finally {
        service.kill('SIGKILL');
      }
    });
  },
);
