import { expect, it } from 'vitest';
import { eventually } from '../../support/postgres-server.ts';
import { eachVersion } from './support/each-version.ts';
import { succeeded } from './support/version-pod.ts';

/** A standby that was away too long: the server gives up on its slot, and says so nowhere but in a view. */
await eachVersion(({ begin, major }) => {
  it('says that the slot of a standby is lost, and what to do', async () => {
    const { pod, server } = await begin({
      max_slot_wal_keep_size: '16MB',
      max_wal_size: '32MB',
      min_wal_size: '32MB',
      wal_keep_size: '0',
    });
    const agent = await pod.startAgent();
    await agent.untilProtected();
    const standby = await pod.standby();
    succeeded(await standby.restore());
    const follower = await standby.startServer({ writable: false });
    await follower.kill();
    await server.write(1, 60);
    await server.sql('CHECKPOINT');
    await server.until(
      'the slot is lost',
      "(SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = 'pgusher_orders_1')",
    );
    await untilLost(agent, 'it was behind by more than max_slot_wal_keep_size');
  });

  // Not skipped: the setting came with 18, so there is nothing to look at before.
  if (major < 18) return;
  it('says it too where nobody used the slot for idle_replication_slot_timeout', async () => {
    const { pod, server } = await begin({ idle_replication_slot_timeout: '1s' });
    const agent = await pod.startAgent();
    await agent.untilProtected();
    await server.sql("SELECT pg_create_physical_replication_slot('pgusher_orders_1', true)");
    await server.sql('SELECT pg_sleep(2)');
    await server.sql('CHECKPOINT');
    await untilLost(agent, 'nobody used it for idle_replication_slot_timeout');
    // The agent's own, which is in use, is kept.
    await agent.untilProtected();
  });

  async function untilLost(
    agent: Awaited<ReturnType<Awaited<ReturnType<typeof begin>>['pod']['startAgent']>>,
    why: string,
  ): Promise<void> {
    await eventually(
      'the metric tells it',
      async () => (await agent.metric('pgusher_standby_slot_lost{slot="pgusher_orders_1"}')) === 1,
      () => agent.container.output(),
    );
    const said = agent.container
      .output()
      .split('\n')
      .filter((line) => line.includes('never takes it up again'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(why);
    expect(said[0]).toContain("SELECT pg_drop_replication_slot('pgusher_orders_1')");
    expect(agent.container.output()).not.toContain('for which the server keeps');
  }
});
