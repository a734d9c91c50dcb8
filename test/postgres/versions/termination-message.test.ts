import { expect, it } from 'vitest';
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
});
