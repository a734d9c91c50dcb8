import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  asServerUser,
  initialise,
  ownedDirectory,
  removeDirectory,
  runAsServer,
  scratchDirectory,
  startServer,
} from '../test/support/postgres-server.ts';
import { requireTool } from '../test/support/tool.ts';
import { median, printRow } from './agent/measure.ts';
import { watchPeaks } from './agent/memory.ts';
import type { Peaks } from './agent/memory.ts';

/**
 * `npm run bench:dumps -- [--runs N] [--scale N] [--jobs N]`: `pgusher-agent dump` and `load`, built as the image has them, against bare `pg_dump -Fd -j` with the same
 * compression and `createdb` with `pg_restore -j`, of one database that pgbench made. In turns. Ours adds to theirs: Node's start, the questions, the
 * roles, SHA-256 of what was written, DUMP.json; and before a load SHA-256 again.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string' }, scale: { type: 'string' }, jobs: { type: 'string' } },
});
const runs = Number(values.runs ?? 5);
const scale = Number(values.scale ?? 60);
const jobs = values.jobs ?? '2';

const repository = join(import.meta.dirname, '..');
const directory = scratchDirectory('bench-dumps');
const program = buildProgram();
initialise({ dataDirectory: join(directory, 'data') });
const settings = { max_wal_size: '8GB', checkpoint_timeout: '1h', autovacuum: 'off', shared_buffers: '512MB' };
const server = await startServer({ dataDirectory: join(directory, 'data'), settings });
const environment = {
  PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
  PGHOST: server.socketDirectory,
  PGPORT: String(server.port),
  PGUSER: 'postgres',
};
const peaks: { dump: Peaks[]; load: Peaks[] } = { dump: [], load: [] };
try {
  runAsServer(requireTool('pgbench'), ['-i', '-q', '-s', String(scale), 'postgres'], { env: environment });
  const [{ size } = { size: 0 }] = await server.sql<{ size: number }>(
    `SELECT pg_database_size('postgres')::float8 AS size`,
  );
  const bare = join(directory, 'bare');
  const ours = ownedDirectory(join(directory, 'ours'));
  const dumps: [number, number][] = [];
  const loads: [number, number][] = [];
  for (let run = 0; run < runs; run += 1) {
    rmSync(bare, { recursive: true, force: true });
    const theirs = await timed(requireTool('pg_dump'), ['-Fd', '-Z', '3', '-j', jobs, '-f', bare, 'postgres']);
    for (const name of readdirSync(ours)) rmSync(join(ours, name), { recursive: true });
    const dumped = await timed(program, ['dump', '--to', ours, '--jobs', jobs, '--compression', 'gzip'], peaks.dump);
    dumps.push([dumped, theirs]);
    await server.sql('DROP DATABASE IF EXISTS bare');
    const restored =
      (await timed(requireTool('createdb'), ['-T', 'template0', 'bare'])) +
      (await timed(requireTool('pg_restore'), ['-j', jobs, '-d', 'bare', bare]));
    await server.sql('DROP DATABASE bare');
    const loaded = await timed(
      program,
      ['load', 'latest', '--in', ours, '--database', 'postgres', '--into', 'ours', '--jobs', jobs],
      peaks.load,
    );
    await server.sql('DROP DATABASE ours');
    loads.push([loaded, restored]);
  }
  console.log(
    `${(size / 1e9).toFixed(2)} GB, ${runs} runs, ${jobs} jobs, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? ''}, PostgreSQL ${(await server.sql<{ v: string }>("SELECT current_setting('server_version') AS v"))[0]?.v ?? ''}`,
  );
  console.log('| what | ours | bare | throughput |\n| --- | --- | --- | --- |');
  for (const [what, pairs] of [
    ['dump', dumps],
    ['load', loads],
  ] as const) {
    printRow({
      what,
      ours: `${median(pairs.map(([own]) => own)).toFixed(2)} s`,
      other: `${median(pairs.map(([, other]) => other)).toFixed(2)} s`,
      ratio: median(pairs.map(([own, other]) => other / own)).toFixed(2),
    });
  }
  for (const [what, seen] of Object.entries(peaks)) {
    const most = (of: keyof Peaks): string => Math.max(...seen.map((one) => one[of])).toFixed(0);
    printRow({
      what: `memory of ${what}`,
      ours: `${most('anonymous')} MB`,
      other: `${most('resident')} MB resident`,
      ratio: '',
    });
  }
} finally {
  await server.stop();
  removeDirectory(directory);
}

/** As in the image: run from the sources, Node itself needs some 100 MB to take the types off. */
function buildProgram(): string {
  const build = spawnSync(process.execPath, [join(repository, 'scripts/build.ts'), join(directory, 'dist')]);
  if (build.status !== 0) throw new Error(build.stderr.toString());
  mkdirSync(join(directory, 'bin'));
  const path = join(directory, 'bin', 'pgusher-agent');
  copyFileSync(join(repository, 'bin/pgusher-agent'), path);
  return path;
}

/** Seconds. @throws where it fails. */
async function timed(file: string, args: readonly string[], seen?: Peaks[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(file, args, {
    ...asServerUser(),
    cwd: '/tmp',
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const watch = seen === undefined ? undefined : watchPeaks(child);
  const [code] = (await once(child, 'close')) as [number | null];
  if (watch !== undefined) seen?.push(watch());
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${words}`);
  return (performance.now() - startedAt) / 1000;
}
