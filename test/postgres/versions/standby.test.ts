import { expect, it } from 'vitest';
import { eachVersion } from './support/each-version.ts';
import { succeeded } from './support/version-pod.ts';
import { rowTexts } from './support/version-server.ts';

/** Copied by the newest pg_basebackup, followed by the server's own walreceiver. */
await eachVersion(({ begin }) => {
  it('has a standby that is copied from the primary and follows it', async () => {
    const { pod, server } = await begin();
    const agent = await pod.startAgent();
    await agent.untilProtected();
    await server.write(1, 20);
    // Version 13 would store an MD5 hash by default.
    expect(
      await server.value("SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'replicator'"),
    ).toBe('true');

    const standby = await pod.standby();
    succeeded(await standby.restore());
    expect(standby.volumes.decision()).toBe('copied');
    const follower = await standby.startServer({ writable: false });
    await server.write(21, 40);
    await server.until(
      'the standby has everything',
      "EXISTS (SELECT FROM pg_stat_replication WHERE application_name = 'orders-1' AND replay_lsn >= pg_current_wal_lsn())",
    );
    expect(await follower.value('pg_is_in_recovery()')).toBe('true');
    expect(await follower.rows()).toEqual(rowTexts(1, 40));
    expect(await standby.runScript('ready', String(standby.contract.serverPort))).toEqual({ code: 0, output: '' });
  });
});
