import { newPod, systemIdOf, untilProtected } from '../../test/postgres/support/backup-agent.ts';
import { startRestored } from '../../test/postgres/support/restored-server.ts';
import { lostRows, startWriters } from '../../test/postgres/support/writers.ts';
import { printRow } from './measure.ts';

/**
 * Kills server and agent under eight writers, loses the volume, restores and counts.
 * @returns commits per second until then.
 */
export async function benchLoss(kills: number, synchronous: boolean): Promise<number> {
  let lostLate = 0;
  let lostOld = 0;
  let acknowledged = 0;
  let milliseconds = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const pod = await newPod('loss');
    try {
      pod.initialise();
      const agent = await pod.startAgent({ backup: { synchronous } });
      const server = await pod.startServer();
      await untilProtected(agent);
      const systemId = await systemIdOf(server);
      const beganAt = performance.now();
      const writers = await startWriters(server, 8);
      await new Promise((resolve) => setTimeout(resolve, 2000 + 100 * (kill % 10)));
      const killedAt = performance.now();
      milliseconds += killedAt - beganAt;
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
  return (acknowledged / milliseconds) * 1000;
}

/** What waiting for the agent costs. */
export function printCommits(synchronous: number, asynchronous: number): void {
  printRow({
    what: 'commits of 8 writers with backup-synchronous, against without',
    ours: `${synchronous.toFixed(0)}/s`,
    other: `${asynchronous.toFixed(0)}/s`,
    ratio: `${(synchronous / asynchronous).toFixed(2)} of it`,
  });
}
