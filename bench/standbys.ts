import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { newPod } from '../test/postgres/support/backup-agent.ts';
import { hasEverything, replicaSet, untilReplicationRole } from '../test/postgres/support/replica-set.ts';
import { eventually, removeDirectory, runAsServer } from '../test/support/postgres-server.ts';
import type { PostgresServer } from '../test/support/postgres-server.ts';
import { requireTool } from '../test/support/tool.ts';
import { median, printRow, seconds } from './agent/measure.ts';

/**
 * `npm run bench:standbys -- [--megabytes N] [--runs N]`: how long an empty pod takes to be a copy of its primary, against pg_basebackup by itself, both
 * to the fsync of the last file; and how far a standby is behind while rows are written, with the agents beside both servers and without. In turns.
 */
const { values } = parseArgs({ options: { megabytes: { type: 'string' }, runs: { type: 'string' } } });
const megabytes = Number(values.megabytes ?? 1024);
const runs = Number(values.runs ?? 3);

const set = await replicaSet(
  async (label, volume = 'database') => {
    const pod = await newPod(label);
    if (volume !== 'empty') pod.initialise();
    return pod;
  },
  'bench-standbys',
  2,
);
let row = 0;
const withoutBackups = { contract: { backup: null, store: null } };
try {
  const primary = await set.start(0);
  let agents = [await set.agent(0, withoutBackups)];
  await untilReplicationRole(primary, () => agents[0]?.output() ?? '');
  await fill(primary);
  const [zero, one] = set.pods;
  if (zero === undefined || one === undefined) throw new Error('there are not two pods');

  const ours: number[] = [];
  const bare: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const target = join(one.directory, 'bare');
    bare.push(
      await seconds(() => {
        runAsServer(requireTool('pg_basebackup'), [
          '-h',
          primary.socketDirectory,
          '-p',
          String(primary.port),
          '-U',
          'postgres',
          '-D',
          target,
          '-X',
          'stream',
          '-c',
          'fast',
        ]);
        return Promise.resolve();
      }),
    );
    removeDirectory(target);
    one.loseVolume();
    ours.push(
      await seconds(async () => {
        const result = await set.restore(1);
        if (result.code !== 0) throw new Error(result.output);
      }),
    );
  }
  say(`${megabytes} MB, ${runs} runs`);
  printRow({
    what: 'copy of the primary',
    ours: `${median(ours).toFixed(1)} s`,
    other: `${median(bare).toFixed(1)} s`,
    ratio: `${(median(bare) / median(ours)).toFixed(2)} of its throughput, ${(median(ours) - median(bare)).toFixed(1)} s more`,
  });

  const standby = await set.start(1);
  const lags: { readonly agents: number[]; readonly bare: number[] } = { agents: [], bare: [] };
  agents.push(await set.agent(1, withoutBackups));
  await eventually('the standby streams', () => hasEverything(primary, 'orders-1'));
  for (let run = 0; run < runs; run += 1) {
    lags.agents.push(...(await replayLags(primary, standby)));
    for (const agent of agents) await agent.kill();
    lags.bare.push(...(await replayLags(primary, standby)));
    agents = [await set.agent(0, withoutBackups), await set.agent(1, withoutBackups)];
  }
  const shown = (all: readonly number[]): string =>
    `${median(all).toFixed(2)} ms (at most ${Math.max(...all).toFixed(0)})`;
  printRow({
    what: 'commit to replayed on the standby',
    ours: shown(lags.agents),
    other: shown(lags.bare),
    ratio: (median(lags.agents) / median(lags.bare)).toFixed(2),
  });
} finally {
  for (const pod of set.pods) await pod.remove();
}
process.exit();

/** Rows that no compression of the server makes smaller than they are. */
async function fill(server: PostgresServer): Promise<void> {
  await server.sql('CREATE TABLE filled (n int, text text)');
  await server.sql(
    `INSERT INTO filled SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, ${megabytes * 1000}) AS n`,
  );
  await server.sql('CREATE TABLE written (n int PRIMARY KEY)');
  await server.sql('CHECKPOINT');
}

/** Milliseconds from the answer of a commit to its being visible on the standby, asked over a connection that is open. */
async function replayLags(primary: PostgresServer, standby: PostgresServer): Promise<readonly number[]> {
  const [writer, reader] = [await primary.connect(), await standby.connect()];
  const lags: number[] = [];
  try {
    for (let n = 0; n < 300; n += 1) {
      row += 1;
      await writer.query('INSERT INTO written VALUES ($1)', [row]);
      const began = performance.now();
      for (;;) {
        const answer = await reader.query('SELECT FROM written WHERE n = $1', [row]);
        if (answer.rowCount === 1) break;
      }
      lags.push(performance.now() - began);
      await pause(10);
    }
  } finally {
    await writer.end();
    await reader.end();
  }
  return lags;
}

function say(line: string): void {
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}, ${line}`,
  );
}
