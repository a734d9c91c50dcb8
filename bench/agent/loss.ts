import { readFileSync } from 'node:fs';
import { newPod, systemIdOf, untilProtected } from '../../test/postgres/support/backup-agent.ts';
import { startRestored } from '../../test/postgres/support/restored-server.ts';
import { lostRows, startWriters } from '../../test/postgres/support/writers.ts';
import { median, printRow } from './measure.ts';

/** Kills server and agent under eight writers, loses the volume, restores and counts. Also what the agent needs and adds. */
export async function benchLoss(kills: number, synchronous: boolean): Promise<void> {
  let lostLate = 0;
  let lostOld = 0;
  let acknowledged = 0;
  const resident: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const pod = await newPod('loss');
    try {
      pod.initialise();
      const agent = await pod.startAgent({ backup: { synchronous } });
      const server = await pod.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      const writers = await startWriters(server, 8);
      await new Promise((resolve) => setTimeout(resolve, 2000 + 100 * (kill % 10)));
      resident.push(peakMegabytes(agent.child.pid ?? 0));
      const killedAt = performance.now();
      await Promise.all([server.kill(), agent.kill()]);
      await writers.stop();
      acknowledged += writers.acknowledged.size;
      const restored = await startRestored(pod, systemId);
      lostOld += (await lostRows(restored, writers, killedAt - 1000)).length;
      lostLate += (await lostRows(restored, writers)).length;
      await restored.kill();
    } finally {
      await pod.remove();
    }
  }
  printRow({
    what: `rows lost after kill -9 of server and agent${synchronous ? ' (backup-synchronous)' : ''}, ${kills} times, 8 writers`,
    ours: `${lostOld} older than 1 s, ${lostLate} of ${acknowledged} in all`,
    other: '',
    ratio: '',
  });
  printRow({
    what: 'memory of the agent at its peak',
    ours: `${median(resident).toFixed(0)} MB`,
    other: '',
    ratio: '',
  });
}

/** VmHWM: what was resident at most, shared pages included. */
function peakMegabytes(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1000;
}
