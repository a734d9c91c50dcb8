import { expect, it } from 'vitest';
import { eachVersion } from './support/each-version.ts';
import { rewindPrograms } from './support/rewind-programs.ts';
import { succeeded } from './support/version-pod.ts';
import { rowTexts } from './support/version-server.ts';

/** pg_rewind and a server of its own major, as the agent's image has them: no library of an extension, no locale but C. */
await eachVersion(({ begin, place, agent }) => {
  it('rewinds an old primary that was killed, whatever its server loads and collates by', async () => {
    const programs = await rewindPrograms(agent, place);
    // On the command line, as `postgres.io/parameters` come.
    const settings = { wal_log_hints: 'on', wal_keep_size: '512MB', max_prepared_transactions: '5' };
    const { pod, server } = await begin(settings);
    const backup = await pod.startAgent();
    await server.until('the agent has made the role', "EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator')");
    await server.write(1, 20);
    const standby = await pod.standby();
    succeeded(await standby.restore());
    const promoted = await standby.startServer({ settings, writable: false });
    await server.until(
      'the standby has everything',
      "EXISTS (SELECT FROM pg_stat_replication WHERE application_name = 'orders-1' AND replay_lsn >= pg_current_wal_lsn())",
    );
    await promoted.sql('SELECT pg_promote()');
    await promoted.write(21, 40);
    await server.sql("ALTER SYSTEM SET shared_preload_libraries = 'not-in-the-image-of-the-agent'");
    await server.sql("UPDATE pg_database SET datcollate = 'xx_YY.utf8' WHERE datname = 'template1'");
    await server.write(101, 120);
    await server.sql("BEGIN; DELETE FROM rows WHERE number < 10; PREPARE TRANSACTION 'left'");
    await server.kill();
    await backup.container.kill();

    const result = await pod.rebuilt(standby, programs);
    expect(result.output).toMatch(/rewound: \d+ MB came from orders-1/);
    succeeded(result);
    const follower = await pod.startServer({ settings, writable: false });
    await promoted.write(41, 60);
    await promoted.until(
      'the old primary has everything',
      "EXISTS (SELECT FROM pg_stat_replication WHERE application_name = 'orders-0' AND replay_lsn >= pg_current_wal_lsn())",
    );
    expect(await follower.rows()).toEqual(rowTexts(1, 60));
  });
});
