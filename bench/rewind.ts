import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clonesFiles, cloneTree } from '../src/agent/rebuild/clone-tree.ts';
import { fsyncTree } from '../src/agent/restore/fsync-tree.ts';
import { dataVolumePaths } from '../src/agent/decision/data-volume-paths.ts';
import { giveToServer, initialise, ownedDirectory, runAsServer, startServer } from '../test/support/postgres-server.ts';
import { requireTool } from '../test/support/tool.ts';
import { median, printRow, seconds } from './agent/measure.ts';

/**
 * `npm run bench:rewind -- [--runs N] [--scale N] [--directory PATH]`: an old primary and one that was promoted, with a hundredth of the rows changed on
 * either side since; how long until the data of the old one is the new one's and on disk, by `pg_basebackup`, by `pg_rewind` of a copy (a clone where the
 * file system of PATH has them), and by `pg_rewind` of the old data itself. In turns; everything is on one machine, so that the network costs nothing.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string' }, scale: { type: 'string' }, directory: { type: 'string' } },
});
const runs = Number(values.runs ?? 3);
const scale = Number(values.scale ?? 68);
const directory = ownedDirectory(join(values.directory ?? tmpdir(), `pgusher-bench-rewind-${process.pid}`));
const volume = ownedDirectory(join(directory, 'volume'));
const paths = dataVolumePaths(volume);
mkdirSync(paths.own);
giveToServer(paths.own);
const old = join(volume, 'old');
const promoted = join(volume, 'promoted');
const made = join(paths.own, 'made');

initialise({ dataDirectory: old, arguments: ['--data-checksums'] });
const primary = await startServer({ dataDirectory: old, settings: { max_wal_size: '2GB', wal_keep_size: '2GB' } });
const login = (port: number, socket: string): string => `host=${socket} port=${port} user=postgres dbname=postgres`;
runAsServer(requireTool('pgbench'), ['-i', '-q', '-s', String(scale), login(primary.port, primary.socketDirectory)]);
runAsServer(requireTool('pg_basebackup'), [
  '--checkpoint=fast',
  '-R',
  '-D',
  promoted,
  '-d',
  login(primary.port, primary.socketDirectory),
]);
const standby = await startServer({ dataDirectory: promoted, settings: { max_wal_size: '2GB', wal_keep_size: '2GB' } });
await standby.sql('SELECT pg_promote()');
for (const [server, begin] of [
  [primary, 1],
  [standby, 500_000],
] as const) {
  await server.sql(
    `UPDATE pgbench_accounts SET abalance = ${begin} WHERE aid BETWEEN ${begin} AND ${begin + scale * 1000}`,
  );
}
await standby.sql('CHECKPOINT');
await primary.stop();
const source = login(standby.port, standby.socketDirectory);

let bytes = 0;
function rewind(target: string): void {
  const words = runAsServer('/bin/sh', [
    '-c',
    '"$@" 2>&1',
    'sh',
    requireTool('pg_rewind'),
    '--no-sync',
    '--progress',
    '--target-pgdata',
    target,
    '--source-server',
    source,
  ]);
  bytes = Number(/(\d+) kB \(100%\) copied/.exec(words)?.[1] ?? 'NaN') * 1024;
}

/** What the agent makes as the server's user, who reads its files here. */
function giveTree(): void {
  runTool('chown', ['-R', '--reference', old, made]);
}

function runTool(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const ways = {
  pg_basebackup: async () => {
    runAsServer(requireTool('pg_basebackup'), ['--checkpoint=fast', '--no-sync', '-D', made, '-d', source]);
    await fsyncTree(made);
  },
  'pg_rewind of a copy': async () => {
    await cloneTree(old, made);
    giveTree();
    rewind(made);
    await fsyncTree(made);
  },
  'pg_rewind of the data itself': async () => {
    rewind(made);
    await fsyncTree(made);
  },
};
const took = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
for (let run = 0; run < runs; run += 1) {
  for (const [name, work] of Object.entries(ways)) {
    rmSync(made, { recursive: true, force: true });
    if (name === 'pg_rewind of the data itself') {
      await cloneTree(old, made);
      giveTree();
      await fsyncTree(made);
    }
    took.get(name)?.push(await seconds(work));
  }
}
const [size] = await standby.sql<{ bytes: string }>(
  'SELECT sum(pg_database_size(oid))::text AS bytes FROM pg_database',
);
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, ${runs} runs, ${(Number(size?.bytes) / 1e9).toFixed(2)} GB, ` +
    `pg_rewind brings ${(bytes / 1e6).toFixed(0)} MB; ${(await clonesFiles(old, paths)) ? 'clones' : 'no clones'} in ${directory}`,
);
const plain = took.get('pg_basebackup') ?? [];
for (const [name, times] of took) {
  const ratios = times.map((time, run) => time / (plain[run] ?? Number.NaN));
  printRow({
    what: name,
    ours: `${median(times).toFixed(1)} s`,
    other: `${median(plain).toFixed(1)} s`,
    ratio: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  });
}
await standby.stop();
rmSync(directory, { recursive: true, force: true });
