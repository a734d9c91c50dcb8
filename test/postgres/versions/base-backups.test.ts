import { expect, it } from 'vitest';
import { eventually } from '../../support/postgres-server.ts';
import { eachVersion, restored } from './support/each-version.ts';
import { scratch } from './support/pod-volumes.ts';
import { succeeded } from './support/version-pod.ts';
import { rowTexts } from './support/version-server.ts';

/** Up to version 14 a server compresses nothing, and its words about a lost slot changed with almost every version. */
await eachVersion(({ begin, major, newest, agentMajor }) => {
  it('makes base backups in each compression, all of which can be restored', async () => {
    const { pod, server } = await begin();
    const agent = await pod.startAgent();
    await agent.untilProtected();
    let last = 0;
    for (const [compression, extension] of [
      ['zstd', '.tar.zst'],
      ['gzip', '.tar.gz'],
      ['none', '.tar'],
    ] as const) {
      pod.volumes.setLive('backup-compression', compression);
      await server.write(last + 1, last + 10);
      last += 10;
      let id = '';
      // The agent reads it every two seconds.
      await eventually(`base backups are stored as ${extension}`, async () => {
        id = succeeded(await pod.runAgent(['backup', 'now'])).trim();
        const archives = pod.volumes.stored('base').filter((name) => name.startsWith(`${id}/base.tar`));
        expect(archives).toHaveLength(1);
        return archives[0] === `${id}/base${extension}`;
      });
      await server.write(last + 1, last + 5);
      last += 5;
      await server.untilReceived();
      succeeded(await pod.runAgent(['verify', id]));
      // A second opinion from the first pg_verifybackup that reads archives. For the system id, which is in manifests from
      // 17 on, it reads the control file, and that only of its own version.
      if (agentMajor >= 18 && (newest || major < 17)) {
        const directory = pod.volumes.storedPath(`base/${id}`);
        succeeded(await pod.runInAgent(['pg_verifybackup', '--no-parse-wal', '--ignore=DONE.json', directory]));
      }
      succeeded(await pod.runAgent(['restore', '--to', `${scratch}/${compression}`, '--backup', id]));
      const copy = await pod.startRestored(`${scratch}/${compression}`);
      expect(await copy.rows(), compression).toEqual(rowTexts(1, last));
      expect(await copy.stop()).toBe(0);
    }
  });

  it('takes a new base backup where the server gave up on the slot', async () => {
    const { pod, server } = await begin({ max_slot_wal_keep_size: '32MB', max_wal_size: '64MB', min_wal_size: '32MB' });
    let agent = await pod.startAgent();
    await agent.untilProtected();
    await server.write(1, 20);
    await agent.container.kill();
    await server.write(21, 140);
    await server.sql('CHECKPOINT');
    await server.until('the slot is lost', "(SELECT wal_status FROM pg_replication_slots) = 'lost'");
    agent = await pod.startAgent();
    await agent.untilProtected();
    expect(await agent.metric('pgusher_wal_gap_total')).toBe(1);
    await server.write(141, 160);
    await server.untilReceived();
    await Promise.all([server.kill(), agent.container.kill()]);

    const second = await restored(pod);
    expect(await second.server.rows()).toEqual(rowTexts(1, 160));
  });

  it('starts a scratch server on a base backup and reads every table, on a machine with that version', async () => {
    const { pod, server } = await begin();
    const agent = await pod.startAgent();
    await agent.untilProtected();
    await server.write(1, 30);
    await server.untilReceived();
    const said = succeeded(await pod.runByHand(['verify', '--start', '--scratch', scratch]));
    expect(said).toContain('pg_verifybackup found nothing');
    expect(said).toContain('a server started on it and recovered');
    // pg_amcheck came with 14.
    expect(said).toContain(major >= 14 ? 'pg_amcheck found nothing' : 'pg_dumpall read every table');
  });
});
