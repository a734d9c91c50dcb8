import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, untilEnded } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { Pod } from './support/backup-agent.ts';
import { untilProtected } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { serveWal } from './support/recovery.ts';
import { replicaSet, untilKept, untilReplicationRole } from './support/replica-set.ts';

const pod = podsOfEachTest();

/** What a network that is broken, or a restore that is under way, hides from who promotes: the record tells it afterwards. */
describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('two primaries', () => {
  it('the one that the record does not name stops within seconds, and takes no writes when it starts again', async () => {
    const set = await replicaSet(pod, 'two-primaries', 2);
    const [zero] = set.pods as [Pod, Pod];
    const old = await set.start(0);
    const agent = await set.agent(0, { contract: { backup: null, store: null } });
    await untilReplicationRole(old, () => agent.output());
    await old.sql('CREATE TABLE kept (n int)');
    await old.sql('INSERT INTO kept VALUES (1)');
    expect((await set.restore(1)).reason).toBe('');
    const promoted = await set.start(1);
    await untilKept(promoted, [1]);
    const beside = await set.agent(1, { contract: { backup: null, store: null } });
    await promoted.sql('SELECT pg_promote()');
    await promoted.sql('INSERT INTO kept VALUES (2)');
    // The record of before: the one that was promoted by hand goes on, and so does the other.
    set.record('orders-0', 1);
    await old.sql('INSERT INTO kept VALUES (3)');

    set.record('orders-1', 2);
    await untilEnded(old);
    expect(agent.output()).toMatch(
      /orders-1 is primary since 2026-11-21T06:00:00Z, and the server of orders-0 took writes too, or was about to: it is stopped, and starts again as a standby/,
    );
    expect(old.log()).toContain('received fast shutdown request');
    const again = await set.start(0);
    await expect(again.sql('INSERT INTO kept VALUES (4)')).rejects.toThrow('read-only');
    await eventually(
      'it says that it cannot follow',
      async () => (await agent.get('/readyz')).body.includes("orders-1 left this server's timeline 1"),
      () => agent.output(),
    );
    await untilKept(promoted, [1, 2]);
    expect(beside.output()).not.toContain('it is stopped');
    expect(existsSync(join(zero.dataDirectory, 'standby.signal'))).toBe(true);
  });

  it('one that is being restored meanwhile never becomes one', async () => {
    const set = await replicaSet(pod, 'overtaken', 2);
    const [zero] = set.pods as [Pod, Pod];
    const old = await set.start(0);
    const agent = await set.agent(0);
    await untilProtected(agent);
    await old.sql('CREATE TABLE kept (n int)');
    await old.sql('INSERT INTO kept VALUES (1)');
    expect((await set.restore(1)).reason).toBe('');
    let promoted = await set.start(1);
    await untilKept(promoted, [1]);
    await old.stop();
    await agent.stop();
    // While nobody answers, its volume is lost, and it is restored.
    await promoted.stop();
    zero.loseVolume();
    expect((await set.restore(0)).output).toContain('restored; recovery follows when the server starts');
    promoted = await set.start(1);
    await promoted.sql('SELECT pg_promote()');
    await promoted.sql('INSERT INTO kept VALUES (2)');
    set.record('orders-1', 2);

    const service = await serveWal(zero.shared, set.contract(0), { liveSettings: zero.liveSettings });
    try {
      const overtaken = await zero.startServer({ waitFor: 'process' });
      await untilEnded(overtaken);
      expect(overtaken.log()).toContain(
        'orders-1 is primary since 2026-11-21T06:00:00Z, so this recovery must not end',
      );
      expect(overtaken.log()).not.toContain('archive recovery complete');
      const again = await set.start(0);
      const beside = await set.agent(0, { contract: { backup: null, store: null } });
      await untilKept(again, [1, 2]);
      await expect(again.sql('INSERT INTO kept VALUES (4)')).rejects.toThrow('read-only');
      expect(beside.output()).not.toContain('it is stopped');
    } finally {
      service.kill('SIGKILL');
    }
  });
});
