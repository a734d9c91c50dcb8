import { newPod, untilProtected } from '../../test/postgres/support/backup-agent.ts';
import { initialise, removeDirectory, scratchDirectory, startServer } from '../../test/support/postgres-server.ts';
import { median, printRow, seconds } from './measure.ts';

/** A fast stop of the server with the agent attached and the agent after it, against a server alone. */
export async function benchStop(runs: number): Promise<void> {
  const withAgent: number[] = [];
  const alone: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const pod = await newPod('stop');
    pod.initialise();
    const agent = await pod.startAgent();
    const server = await pod.startServer();
    await untilProtected(agent);
    await server.sql('CREATE TABLE t AS SELECT generate_series(1, 100000)');
    withAgent.push(
      await seconds(async () => {
        await server.stop();
        await agent.stop();
      }),
    );
    await pod.remove();
    const directory = scratchDirectory('stop-alone');
    initialise({ dataDirectory: `${directory}/pgdata` });
    const single = await startServer({ dataDirectory: `${directory}/pgdata` });
    await single.sql('CREATE TABLE t AS SELECT generate_series(1, 100000)');
    alone.push(
      await seconds(async () => {
        await single.stop();
      }),
    );
    removeDirectory(directory);
  }
  printRow({
    what: 'stop of the server and then of the agent, against the server alone',
    ours: `${median(withAgent).toFixed(2)} s`,
    other: `${median(alone).toFixed(2)} s`,
    ratio: `${(median(withAgent) - median(alone)).toFixed(2)} s more`,
  });
}
