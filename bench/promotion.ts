import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { promote } from '../src/commands/promotion.ts';
import { eventually } from '../test/support/postgres-server.ts';
import type { PostgresServer } from '../test/support/postgres-server.ts';
import { newPod } from '../test/postgres/support/backup-agent.ts';
import { PromotionOnLoopback } from '../test/postgres/support/promotion-on-loopback.ts';
import { hasEverything, replicaSet, untilReplicationRole } from '../test/postgres/support/replica-set.ts';
import type { ReplicaSet } from '../test/postgres/support/replica-set.ts';
import { median, printRow, seconds } from './agent/measure.ts';

/**
 * `npm run bench:promotion -- [--runs N]`: the primary is killed; how long until the first write is accepted, by `pgusher promote` (its look at all
 * pods, its record, and the commands that the agents carry out, asked by session.sh as an exec in a container would) and by `pg_promote()` with a
 * connection and a write; and how long until the third server streams from the new primary. In turns, each with three servers of its own. Without what
 * Kubernetes needs to run a command in a container. --steps: when each step began.
 */
const { values } = parseArgs({ options: { runs: { type: 'string' }, steps: { type: 'boolean' } } });
const runs = Number(values.runs ?? 7);

interface Three {
  readonly set: ReplicaSet;
  readonly servers: Map<string, PostgresServer>;
  server(name: string): PostgresServer;
  remove(): Promise<void>;
}

async function threeServers(): Promise<Three> {
  const set = await replicaSet(
    async (label, volume = 'database') => {
      const pod = await newPod(label);
      if (volume !== 'empty') pod.initialise();
      return pod;
    },
    'bench-promotion',
    3,
  );
  const servers = new Map<string, PostgresServer>();
  const server = (name: string): PostgresServer => {
    const found = servers.get(name);
    if (found === undefined) throw new Error(`${name} does not run`);
    return found;
  };
  servers.set('orders-0', await set.start(0));
  const agent = await set.agent(0, withoutBackups);
  await untilReplicationRole(server('orders-0'), () => agent.output());
  await server('orders-0').sql('CREATE TABLE written (n int)');
  for (const ordinal of [1, 2]) {
    const result = await set.restore(ordinal);
    if (result.code !== 0) throw new Error(result.output);
    servers.set(`orders-${ordinal}`, await set.start(ordinal));
    await set.agent(ordinal, withoutBackups);
  }
  await server('orders-0').sql('INSERT INTO written SELECT generate_series(1, 1000)');
  for (const standby of ['orders-1', 'orders-2']) await untilStreams(server('orders-0'), standby);
  return {
    set,
    servers,
    server,
    remove: async () => {
      for (const pod of set.pods) await pod.remove();
    },
  };
}

const withoutBackups = { contract: { backup: null, store: null } };

async function untilStreams(primary: PostgresServer, standby: string): Promise<void> {
  await eventually(`${standby} streams`, () => hasEverything(primary, standby));
}

/** Seconds to the first write, and to the third server's stream. */
async function byPgusher(three: Three, command: string): Promise<readonly [number, number]> {
  const cluster = new PromotionOnLoopback(three.set, three.servers, command);
  await three.server('orders-0').kill();
  three.servers.delete('orders-0');
  const began = performance.now();
  let written = Number.NaN;
  let streams: Promise<void> | undefined;
  await promote(cluster, {
    set: 'orders',
    pod: 'orders-1',
    fence: false,
    dryRun: false,
    now: () => new Date(),
    say: (line) => {
      if (values.steps === true) console.log(`${(performance.now() - began).toFixed(0)} ms: ${line}`);
      if (line.startsWith('orders-1 takes writes')) {
        written = performance.now();
        streams = untilStreams(three.server('orders-1'), 'orders-2');
      }
    },
  });
  cluster.close();
  await streams;
  return [(written - began) / 1000, (performance.now() - began) / 1000];
}

async function byHand(three: Three): Promise<number> {
  const standby = three.server('orders-1');
  await three.server('orders-0').kill();
  return seconds(async () => {
    const client = await standby.connect();
    await client.query('SELECT pg_promote()');
    await client.query('INSERT INTO written VALUES (0)');
    await client.end();
  });
}

const folder = mkdtempSync(join(tmpdir(), 'pgusher-bench-'));
chmodSync(folder, 0o755);
try {
  const bundle = await rolldown({
    input: join(import.meta.dirname, '../test/postgres/support/standby-command.ts'),
    platform: 'node',
    external: ['pg-native'],
  });
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: 'standby-command.mjs' });
  const ours: number[] = [];
  const streaming: number[] = [];
  const bare: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const first = await threeServers();
    const [written, streams] = await byPgusher(first, join(folder, 'standby-command.mjs'));
    await first.remove();
    ours.push(written);
    streaming.push(streams);
    const second = await threeServers();
    bare.push(await byHand(second));
    await second.remove();
  }
  const shown = (all: readonly number[]): string =>
    `${median(all).toFixed(2)} s (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)})`;
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}, ${runs} runs`,
  );
  printRow({
    what: 'promote to the first write',
    ours: shown(ours),
    other: shown(bare),
    ratio: (median(ours) / median(bare)).toFixed(2),
  });
  printRow({ what: 'until another standby streams', ours: shown(streaming), other: '', ratio: '' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
