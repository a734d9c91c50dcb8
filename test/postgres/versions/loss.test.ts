import { expect, it } from 'vitest';
import { eventually } from '../../support/postgres-server.ts';
import { eachVersion, majors, restored } from './support/each-version.ts';
import { succeeded } from './support/version-pod.ts';
import { rowTexts } from './support/version-server.ts';

/** The server, the agent and the volume are lost; what comes back has every row. */
await eachVersion(({ place, begin }) => {
  it('is the major version that it is taken for', async () => {
    const { server } = await begin();
    expect(await server.value("current_setting('server_version_num')::int / 10000")).toBe(String(majors[place.suite]));
  });

  it('comes back with every row, also with those that nobody received at the time', async () => {
    const { pod, server } = await begin();
    await server.write(1, 50);
    let agent = await pod.startAgent();
    await agent.untilProtected();
    // Five rows behind the last switch: one segment is unfinished, and stays so.
    await server.write(51, 95);
    await server.untilReceived();
    let unfinished: string | undefined;
    await eventually(
      'the mover has moved all that is finished',
      () => {
        unfinished = onlyUnfinished(pod.volumes.stored('incoming'));
        return unfinished !== undefined;
      },
      () => agent.container.output(),
    );
    await agent.container.kill();
    // Nobody receives these; and from an empty folder pg_receivewal would go on wherever a server up to 14 is by then.
    pod.volumes.removeStored(`incoming/${unfinished ?? ''}`);
    await server.write(96, 150);
    agent = await pod.startAgent();
    await agent.untilProtected();
    expect(await agent.metric('pgusher_wal_gap_total')).toBe(0);
    const writer = await server.keepWriting(151);
    await writer.more(100);
    const promised = writer.acknowledged();
    await server.untilReceived();
    await Promise.all([server.kill(), agent.container.kill()]);
    await writer.ended;
    succeeded(await pod.runAgent(['verify']));

    const second = await restored(pod);
    const rows = await second.server.rows();
    expect(rows.length).toBeGreaterThanOrEqual(promised);
    expect(rows).toEqual(rowTexts(1, rows.length));
    expect(await second.server.value('SELECT timeline_id FROM pg_control_checkpoint()')).toBe('2');
  });

  it('loses nothing at all where commits wait for the store, and nothing in an orderly stop', async () => {
    const { pod, server } = await begin();
    const agent = await pod.startAgent({ synchronous: true });
    await agent.untilProtected();
    await server.write(1, 10);
    await server.until('commits wait', "current_setting('synchronous_standby_names') = 'pgusher'");
    // Commits wait once the checkpointer has read the setting too (SyncRepUpdateSyncStandbysDefined).
    await server.sql('CHECKPOINT');
    const writer = await server.keepWriting(11);
    await writer.more(20);
    await Promise.all([server.kill(), agent.container.kill()]);
    await writer.ended;
    const promised = writer.acknowledged();

    const second = await restored(pod);
    const found = await second.server.rows();
    expect(found.length).toBeGreaterThanOrEqual(promised);
    expect(found).toEqual(rowTexts(1, found.length));
    await second.agent.untilProtected();
    await second.server.write(found.length + 1, found.length + 25);
    const port = String(pod.contract.serverPort);
    expect(await pod.runScript('started', port)).toEqual({ code: 0, output: '' });
    expect(await pod.runScript('ready', port)).toEqual({ code: 0, output: '' });
    expect(await pod.runScript('preStop', '30')).toEqual({ code: 0, output: '' });
    expect(await second.server.container.exited).toBe(0);
    expect(await second.agent.stop()).toBe(0);

    const third = await restored(pod);
    expect(await third.server.rows()).toEqual(rowTexts(1, found.length + 25));
  });
});

/** The only file in incoming/, where it is a segment that is being received; undefined where there are others. */
function onlyUnfinished(names: readonly string[]): string | undefined {
  const [file, ...others] = names.filter((name) => name.includes('/'));
  return others.length === 0 && file?.endsWith('.partial') === true ? file : undefined;
}
