import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { newPod, untilProtected } from '../test/postgres/support/backup-agent.ts';
import type { Agent } from '../test/postgres/support/backup-agent.ts';
import { hasEverything, replicaSet, untilReplicationRole } from '../test/postgres/support/replica-set.ts';
import type { ReplicaSet } from '../test/postgres/support/replica-set.ts';
import {
  asServerUser,
  eventually,
  ownedDirectory,
  removeDirectory,
  runAsServer,
} from '../test/support/postgres-server.ts';
import type { PostgresServer } from '../test/support/postgres-server.ts';
import { requireTool } from '../test/support/tool.ts';
import { median, printRow, seconds } from './agent/measure.ts';

/**
 * `npm run bench:standbys -- [--megabytes N] [--runs N] [--commits N]`: how long an empty pod takes to be a copy of its primary, against pg_basebackup by
 * itself, both to the fsync of the last file, in turns; and how far a standby is behind while rows are written. That by four primaries with a standby
 * each, commit by commit in turns: alone, with a plain pg_receivewal, with agents, and with agents that make backups. --megabytes 0: only that.
 */
const { values } = parseArgs({
  options: { megabytes: { type: 'string' }, runs: { type: 'string' }, commits: { type: 'string' } },
});
const megabytes = Number(values.megabytes ?? 1024);
const runs = Number(values.runs ?? 3);
const commits = Number(values.commits ?? 500);

const withoutBackups = { contract: { backup: null, store: null } };
if (megabytes > 0) {
  const set = await twoPods();
  try {
    await copies(set);
  } finally {
    for (const pod of set.pods) await pod.remove();
  }
}
await lags();
process.exit();

async function twoPods(): Promise<ReplicaSet> {
  return replicaSet(
    async (label, volume = 'database') => {
      const pod = await newPod(label);
      if (volume !== 'empty') pod.initialise();
      return pod;
    },
    'bench-standbys',
    2,
  );
}

async function copies(set: ReplicaSet): Promise<void> {
  const primary = await set.start(0);
  const agent = await set.agent(0, withoutBackups);
  await untilReplicationRole(primary, () => agent.output());
  await fill(primary);
  const one = set.pods[1];
  if (one === undefined) throw new Error('there are not two pods');
  const ours: number[] = [];
  const bare: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const target = join(one.directory, 'bare');
    const from = ['-h', primary.socketDirectory, '-p', String(primary.port), '-U', 'postgres'];
    bare.push(
      await seconds(() => {
        runAsServer(requireTool('pg_basebackup'), [...from, '-D', target, '-X', 'stream', '-c', 'fast']);
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
}

interface Lane {
  readonly what: string;
  readonly set: ReplicaSet;
  readonly writer: Connection;
  readonly reader: Connection;
  /** Milliseconds, a commit each. */
  readonly lags: number[];
  readonly agents: readonly Agent[];
  readonly receiver: ChildProcess | null;
}

type Connection = Awaited<ReturnType<PostgresServer['connect']>>;

/** Besides: what the agents cost while nothing but that happens, since they run beside the other lanes too. */
async function lags(): Promise<void> {
  const lanes: Lane[] = [];
  try {
    for (const what of ['alone', 'pg_receivewal', 'agents', 'agents, backups'] as const)
      lanes.push(await startLane(what));
    const before = lanes.map((lane) => cpuOf(lane.agents));
    const began = performance.now();
    for (let n = 0; n < commits; n += 1) {
      // Who comes behind whom is another in each round.
      for (const lane of lanes.map((_, place) => lanes[(place * (n % 2 === 0 ? 1 : 3) + n) % lanes.length])) {
        lane?.lags.push(await replayLag(lane, n));
        await pause(3);
      }
    }
    const took = (performance.now() - began) / 1000;
    say(`${commits} commits each`);
    const bare = lanes[0]?.lags ?? [];
    for (const [index, lane] of lanes.entries()) {
      const ratios = lane.lags.map((lag, n) => lag / (bare[n] ?? Number.NaN));
      const cpu = (cpuOf(lane.agents) - (before[index] ?? 0)) / took;
      printRow({
        what: `commit to replayed on the standby: ${lane.what}`,
        ours: shown(lane.lags),
        other: lane.agents.length === 0 ? '' : `both agents use ${cpu.toFixed(1)} ms of processor a second`,
        ratio: `${(median(lane.lags) / median(bare)).toFixed(2)}, commit by commit ${median(ratios).toFixed(2)}`,
      });
    }
  } finally {
    for (const { writer, reader, receiver, set } of lanes) {
      await writer.end();
      await reader.end();
      receiver?.kill('SIGKILL');
      for (const pod of set.pods) await pod.remove();
    }
  }
}

async function startLane(what: 'alone' | 'pg_receivewal' | 'agents' | 'agents, backups'): Promise<Lane> {
  const set = await twoPods();
  const options = what === 'agents, backups' ? {} : withoutBackups;
  const primary = await set.start(0);
  const agents = [await set.agent(0, options)];
  await untilReplicationRole(primary, () => agents[0]?.output() ?? '');
  await primary.sql('CREATE TABLE written (n int PRIMARY KEY)');
  const result = await set.restore(1);
  if (result.code !== 0) throw new Error(result.output);
  const standby = await set.start(1);
  agents.push(await set.agent(1, options));
  await eventually('the standby streams', () => hasEverything(primary, 'orders-1'));
  if (what === 'agents, backups' && agents[0] !== undefined) await untilProtected(agents[0]);
  if (what === 'alone' || what === 'pg_receivewal') for (const agent of agents.splice(0)) await agent.kill();
  return {
    ...{ what, set, agents, lags: [] },
    receiver: what === 'pg_receivewal' ? await startReceiver(set, primary) : null,
    writer: await primary.connect(),
    reader: await standby.connect(),
  };
}

async function startReceiver(set: ReplicaSet, primary: PostgresServer): Promise<ChildProcess> {
  const folder = ownedDirectory(join(set.pods[0]?.directory ?? '', 'received'));
  await primary.sql("SELECT pg_create_physical_replication_slot('plain')");
  const child = spawn(
    requireTool('pg_receivewal'),
    [
      ...['-h', primary.socketDirectory, '-p', String(primary.port), '-U', 'postgres'],
      ...['-D', folder, '--slot', 'plain', '--synchronous'],
    ],
    { ...asServerUser(), cwd: '/tmp', stdio: 'ignore' },
  );
  await eventually('the receiver streams', async () => {
    const rows = await primary.sql("SELECT FROM pg_replication_slots WHERE slot_name = 'plain' AND active");
    return rows.length === 1;
  });
  return child;
}

/** Milliseconds of processor so far. Without the programs that they start. */
function cpuOf(agents: readonly Agent[]): number {
  return agents.reduce((sum, { child }) => {
    // proc(5): utime and stime are fields 14 and 15, in ticks of 10 ms.
    const fields = readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * 10;
  }, 0);
}

/** Rows that no compression of the server makes smaller than they are. */
async function fill(server: PostgresServer): Promise<void> {
  await server.sql('CREATE TABLE filled (n int, text text)');
  await server.sql(
    `INSERT INTO filled SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, ${megabytes * 1000}) AS n`,
  );
  await server.sql('CHECKPOINT');
}

/** Milliseconds from the answer of a commit to its being visible on the standby, asked over a connection that is open. */
async function replayLag({ writer, reader }: Lane, row: number): Promise<number> {
  await writer.query('INSERT INTO written VALUES ($1)', [row]);
  const began = performance.now();
  for (;;) {
    const answer = await reader.query('SELECT FROM written WHERE n = $1', [row]);
    if (answer.rowCount === 1) return performance.now() - began;
  }
}

function shown(all: readonly number[]): string {
  const sorted = [...all].sort((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2);
  return `${at(0.5)} ms (quartiles ${at(0.25)} and ${at(0.75)}, at most ${(sorted.at(-1) ?? Number.NaN).toFixed(0)})`;
}

function say(line: string): void {
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}, ${line}`,
  );
}
