import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eachVersion } from './support/each-version.ts';
import { scratch } from './support/pod-volumes.ts';
import { succeeded } from './support/version-pod.ts';
import { rowTexts } from './support/version-server.ts';

/** The WAL is read by our own reader to find a target, and then by the server: both must stop at the same place. */
await eachVersion(({ begin }) => {
  it('recovers up to a transaction, a time, a restore point and a position, and in the pod', async () => {
    const { pod, server } = await begin();
    const agent = await pod.startAgent();
    await agent.untilProtected();
    const tooEarly = await server.value("to_char(clock_timestamp() - interval '1 day', 'YYYY-MM-DD HH24:MI:SSOF')");
    await server.write(1, 20);
    const client = await server.connect();
    await client.query('BEGIN');
    await client.query("INSERT INTO rows SELECT 21, encode(sha256('21'), 'hex')");
    const transaction = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
    await client.query('COMMIT');
    await client.end();
    await sleep(1_100);
    const time = await server.value("to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.USOF')");
    await sleep(1_100);
    await server.write(22, 22);
    await server.sql("SELECT pg_create_restore_point('before the mistake')");
    await server.write(23, 23);
    const position = await server.value('pg_current_wal_lsn()');
    await server.write(24, 24);
    await server.sql('DROP TABLE rows');
    await server.untilReceived();

    const cases = [
      ['xid', transaction.rows[0]?.xid ?? '', 21],
      ['time', time, 21],
      ['name', 'before the mistake', 22],
      ['lsn', position, 23],
    ] as const;
    for (const [kind, value, last] of cases) {
      succeeded(await pod.runAgent(['restore', '--to', `${scratch}/${kind}`, `--target-${kind}`, value]));
      const copy = await pod.startRestored(`${scratch}/${kind}`);
      expect(await copy.rows(), kind).toEqual(rowTexts(1, last));
      expect(await copy.stop()).toBe(0);
    }
    const outside = await pod.runAgent(['restore', '--to', `${scratch}/early`, '--target-time', tooEarly]);
    expect(outside).toMatchObject({ code: 1, output: expect.stringContaining(tooEarly) as unknown });

    await Promise.all([server.kill(), agent.container.kill()]);
    pod.volumes.loseData();
    const target = { kind: 'name', value: 'before the mistake', inclusive: true } as const;
    succeeded(await pod.restore({ restore: { backup: 'latest', target, id: 'the-mistake' } }));
    const second = await pod.startAgent();
    const recovered = await pod.startServer();
    expect(await recovered.rows()).toEqual(rowTexts(1, 22));
    await second.untilProtected();
    await recovered.until(
      'the target is cleared',
      "NOT EXISTS (SELECT FROM pg_file_settings WHERE name LIKE 'recovery_target_name')",
    );
  });
});
