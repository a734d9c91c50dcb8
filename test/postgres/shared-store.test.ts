import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, untilEnded } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { untilProtected } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { serveWal } from './support/recovery.ts';
import { replicaSet, untilKept, untilReplicationRole } from './support/replica-set.ts';

const pod = podsOfEachTest();

async function untilNamed(file: string, primary: string, timeline: number, output: () => string): Promise<void> {
  await eventually(
    `the store names ${primary}`,
    () => {
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      return Promise.resolve(text.includes(`"${primary}"`) && text.includes(`"timeline": ${timeline},`));
    },
    output,
  );
}

/** A claim that all pods of a set may mount, and a promotion by hand that nobody wrote into the ConfigMap. */
describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('a store for all pods', () => {
  it('says who is primary: the old one stops, restores nothing older, and one that lost all waits for it', async () => {
    const set = await replicaSet(pod, 'shared-store', 2, {}, 'shared');
    const [zero, one] = set.pods as [Pod, Pod];
    const store = join(set.contract(1).store?.mount ?? '', 'shop/orders');
    const named = join(store, 'PRIMARY.json');
    let old = await set.start(0);
    let agent = await set.agent(0);
    await untilReplicationRole(old, () => agent.output());
    await old.sql('CREATE TABLE kept (n int)');
    await old.sql('INSERT INTO kept VALUES (1)');
    await untilProtected(agent);
    await untilNamed(named, 'orders-0', 1, () => agent.output());
    expect((await set.restore(1)).reason).toBe('');
    let promoted = await set.start(1);
    await untilKept(promoted, [1]);
    const beside = await set.agent(1);
    expect(beside.output()).not.toContain('nothing is archived');

    // By hand, while the old one takes writes: its agent learns of it from the store.
    await promoted.sql('SELECT pg_promote()');
    await promoted.sql('INSERT INTO kept VALUES (2)');
    await untilNamed(named, 'orders-1', 2, () => beside.output());
    await untilEnded(old);
    expect(agent.output()).toMatch(/orders-1 is primary since .*, and the server of orders-0 took writes too/);
    await untilProtected(beside);
    expect(beside.output()).not.toContain('other content');

    // It went on for as long as nobody told it, so that it may have diverged; it never takes a write again.
    const start = await set.restore(0);
    if (start.reason === '') {
      old = await set.start(0);
      await expect(old.sql('INSERT INTO kept VALUES (3)')).rejects.toThrow('read-only');
      await old.stop();
    } else {
      expect(start.reason).toContain('PGDATA here cannot follow it');
    }

    // With an empty volume, while the promoted one is away: the store has all of timeline 2, and still nothing is restored beside it.
    await promoted.stop();
    await agent.kill();
    zero.loseVolume();
    const waits = await set.restore(0);
    expect(waits.reason).toContain('could not be copied: nothing listens there');
    expect(waits.reason).toContain(
      `${named} says that orders-1 is primary (timeline 2): it is copied, and waited for. Where that pod's data is gone for good, remove this file`,
    );
    expect(existsSync(zero.dataDirectory)).toBe(false);

    // The pod that the store names starts again as what it was.
    expect((await set.restore(1)).reason).toBe('');
    promoted = await set.start(1);
    await promoted.sql('INSERT INTO kept VALUES (3)');
    expect((await set.restore(0)).reason).toBe('');
    old = await set.start(0);
    await untilKept(old, [1, 2, 3]);
    agent = await set.agent(0);

    // The ConfigMap of before the promotion, in a pod that starts: nobody is believed.
    await old.stop();
    set.record('orders-0', 1);
    const torn = await set.restore(0);
    expect(torn.reason).toMatch(
      /ConfigMap orders-pgusher says that orders-0 is primary on timeline 1, .*PRIMARY\.json that orders-1 is on timeline 2 since .*; wanted both to say the same/,
    );
    set.record('orders-1', 2);
    expect((await set.restore(0)).reason).toBe('');
    await untilProtected(beside);

    // Both volumes are gone. The file says whom to wait for; without it, what both have written is restored.
    await promoted.sql('INSERT INTO kept VALUES (4)');
    await promoted.stop();
    await beside.stop();
    await agent.kill();
    set.record(null);
    zero.loseVolume();
    one.loseVolume();
    rmSync(named);
    expect((await set.restore(0)).output).toContain('restored; recovery follows when the server starts');
    const service = await serveWal(zero.shared, set.contract(0), { liveSettings: zero.liveSettings });
    try {
      old = await set.start(0);
      await untilKept(old, [1, 2, 3, 4]);
      agent = await set.agent(0);
      await untilNamed(named, 'orders-0', 3, () => agent.output());
    } finally {
      service.kill('SIGKILL');
    }
    const temporary = readdirSync(store, { recursive: true }).filter((name) => String(name).includes('.tmp-'));
    expect(temporary).toEqual([]);
  });
});
