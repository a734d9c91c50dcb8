import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { witnessLock } from '../../../src/agent/store/lock-witness.ts';
import { eventually } from '../../support/postgres-server.ts';
import { eachVersion } from './support/each-version.ts';

/** What `kubectl describe pod` shows of a pod that must not start. Kubernetes keeps 4096 bytes of it. */
await eachVersion(({ begin }) => {
  it('of restore is the reason in one line, at most 4096 bytes, and there is none where the server may start', async () => {
    const { pod, server } = await begin();
    expect(pod.volumes.terminationMessage()).toBe('');
    const agent = await pod.startAgent();
    await agent.untilProtected();
    await Promise.all([server.kill(), agent.container.kill()]);
    pod.volumes.loseData();

    const refused = await pod.restore({ bootstrap: 'initialize' });
    expect(refused.code).toBe(1);
    const message = pod.volumes.terminationMessage();
    expect(message).toMatch(
      /^the store holds 1 base backups? of system \d+, but postgres\.io\/bootstrap is "initialize"\. Wanted: .+$/,
    );
    expect(refused.output.trimEnd().split('\n').at(-1)).toBe(message);

    const long = 'ü'.repeat(3_000);
    const other = await pod.restore({ restore: { backup: long, target: null, id: null } });
    expect(other.code).toBe(1);
    const cut = pod.volumes.terminationMessage();
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(4000);
    expect(cut).toMatch(/^there is no base backup "ü+$/);
  });

  it('of a second agent on one data volume says whose it is, and of an initialisation what is wrong', async () => {
    const { pod, server } = await begin();
    const agent = await pod.startAgent();
    const second = await pod.refusedAgent({ agentPort: pod.contract.agentPort + 1 });
    expect(second.code).toBe(1);
    expect(pod.volumes.terminationMessage()).toMatch(
      /^the data volume is in use by shop\/orders, pod orders-0 \(uid uid of orders-0\), since \S+; wanted nobody\. .+ of its own$/,
    );
    await Promise.all([server.kill(), agent.container.kill()]);

    const taken = createServer().listen(pod.contract.agentPort);
    const other = await pod.refusedAgent();
    taken.close();
    expect(other.code).toBe(1);
    expect(pod.volumes.terminationMessage()).toMatch(/^port \d+ is taken by another process; wanted it free/);

    const { dataMount, dataDirectory } = pod.contract;
    pod.volumes.writeData(dataMount, `${dataDirectory}/PG_VERSION`, '9\n');
    expect((await pod.initialise()).code).toBe(1);
    expect(pod.volumes.terminationMessage()).toMatch(
      / is of PostgreSQL 9, the image is PostgreSQL \d+; wanted the same major/,
    );
  });

  it('of a restore whose pgusher-backup ends under it says so, and it ends too', async () => {
    const { pod } = await begin();
    const standby = await pod.standby();
    const witness = await witnessLock(standby.volumes.shared);
    // Waits for a primary that is not there.
    const restore = standby.startRestore({ primary: '127.0.0.1:1' });
    await eventually(
      'the decision to copy',
      () => restore.output().includes('"boot decision"'),
      () => restore.output(),
    );
    await witness.close();
    expect(await restore.exited).toBe(1);
    expect(standby.volumes.terminationMessage()).toMatch(
      /^pgusher-backup ended, and with it the lock on the data volume/,
    );
  });

  it('is none of a restore that waited until pgusher-backup had the lock', async () => {
    const { pod, server } = await begin();
    await server.kill();
    const restore = pod.startRestore();
    await sleep(2_000);
    expect(restore.output()).toBe('');
    const witness = await witnessLock(pod.volumes.shared);
    expect(await restore.exited).toBe(0);
    await witness.close();
    expect(pod.volumes.terminationMessage()).toBe('');
  });
});
