import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, giveToServer } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { untilFailure, untilReceived } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import { replicaSet, untilKept, untilReplicationRole } from './support/replica-set.ts';

const pod = podsOfEachTest();

/** A commit that is on its way. */
function commit(
  server: PostgresServer,
  n: number,
): { readonly done: Promise<unknown>; readonly isDone: () => boolean } {
  let isDone = false;
  const done = server.sql(`INSERT INTO kept VALUES (${n})`).then(() => (isDone = true));
  done.catch(() => undefined);
  return { done, isDone: () => isDone };
}

async function namesOf(server: PostgresServer): Promise<string> {
  const [row] = await server.sql<{ names: string }>("SELECT current_setting('synchronous_standby_names') AS names");
  return row?.names ?? '';
}

describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('postgres.io/synchronous', () => {
  it('has each commit on a standby of the set, says so where there is none, and holds across a promotion', async () => {
    const set = await replicaSet(pod, 'synchronous', 3, {
      replication: { network: '127.0.0.1/32', synchronous: 1 },
    });
    const [zero, one] = set.pods as [Pod, Pod];
    const primary = await set.start(0);
    const agent = await set.agent(0);
    await untilReplicationRole(primary, () => agent.output());
    await primary.sql('CREATE TABLE kept (n int)');
    await untilFailure(agent, 'commits', /commits do not wait yet: .*no standby of the set streams/);

    expect((await set.restore(1)).reason).toBe('');
    let first = await set.start(1);
    const firstAgent = await set.agent(1);
    expect((await set.restore(2)).reason).toBe('');
    let second = await set.start(2);
    // The standby has them too, before it is ever promoted: its copy was made before there were any.
    for (const server of [primary, first]) {
      await eventually(
        'commits wait for one of the set',
        async () => (await namesOf(server)).startsWith('ANY 1 ("orders-0", "orders-1", "orders-2", '),
        () => agent.output(),
      );
    }
    await commit(primary, 1).done;
    await second.kill();
    await commit(primary, 2).done;
    await first.kill();

    // The receiver of the backup has it, and does not count.
    const waiting = commit(primary, 3);
    await untilReceived(primary, agent);
    const words = await untilFailure(agent, 'commits', /every commit waits/);
    expect(words).toContain('no standby of the set streams, and orders-1, orders-2 are away');
    expect(words).toContain('synchronous: "0" in ConfigMap orders-pgusher');
    expect(await agent.metric('pgusher_synchronous_wanted')).toBe(1);
    expect(await agent.metric('pgusher_synchronous_streaming')).toBe(0);
    expect((await agent.get('/')).body).toContain('1 of the set&#39;s standbys; streaming: none');
    expect(waiting.isDone()).toBe(false);

    // At night: commits go on, without a restart.
    const key = join(zero.liveSettings, 'synchronous');
    writeFileSync(key, '0\n');
    giveToServer(key);
    await waiting.done;
    expect(await namesOf(primary)).toBe('');
    await eventually('nothing waits', async () => !(await agent.get('/readyz')).body.includes('commits: '));

    // A standby is back, and the key is gone.
    rmSync(key);
    first = await set.start(1);
    await untilKept(first, [1, 2, 3]);
    await eventually(
      'commits wait again',
      async () => (await namesOf(primary)) !== '',
      () => agent.output(),
    );
    await commit(primary, 4).done;
    await primary.kill();
    await agent.kill();

    // The other one is primary now, and waits from its first commit on.
    await first.sql('SELECT pg_promote()');
    await untilKept(first, [1, 2, 3, 4]);
    set.record('orders-1', 2);
    const alone = commit(first, 5);
    await untilFailure(firstAgent, 'commits', /every commit waits/);
    expect(alone.isDone()).toBe(false);
    expect((await set.restore(2)).reason).toBe('');
    second = await set.start(2);
    await alone.done;
    await untilKept(second, [1, 2, 3, 4, 5]);
    await eventually('the page shows who has them', async () =>
      (await firstAgent.get('/')).body.includes('streaming: orders-2'),
    );

    // Without the annotation, after the restart that its change makes, nobody is waited for.
    await firstAgent.kill();
    await second.stop();
    await first.stop();
    const without = { ...set.contract(1), replication: { network: '127.0.0.1/32' } };
    const { liveSettings } = one;
    expect((await runRestoreProcess(one, without, { pod: 'orders-1', liveSettings, ports: set.ports })).reason).toBe(
      '',
    );
    first = await set.start(1);
    expect(await namesOf(first)).toBe('');
    await commit(first, 6).done;
  });
});
