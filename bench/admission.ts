import { fork, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { developmentCertificate } from '../src/certificates/development.ts';
import { benchBodies } from './admission/bodies.ts';
import type { BenchBody } from './admission/bodies.ts';
import { buildOf, imageFolder } from './admission/build-of.ts';
import { checkCost } from './admission/check-cost.ts';
import type { LoadOrder, LoadResult } from './admission/load-generator.ts';

/**
 * `npm run bench -- [--against REF] [--json FILE]`: the webhook, as `serve` runs it, against a bare node:https server that answers the same number of fixed bytes. Same TLS
 * key, same connections, alternating rounds; the ratio is paired inside a round and its median is told.
 *
 * Environment: BENCH_ROUNDS (5), BENCH_SECONDS per measurement (1.5), BENCH_REVIEWS for the memory figure (200000), BENCH_PEER (a program
 * that serves POST /mutate with PORT, SSL_CERT_PATH and SSL_KEY_PATH in its environment: one more row).
 *
 * --against builds another commit and asks it in turn as one more server: the before of what is being changed. --json writes the cells of all rounds.
 */
const { values: wanted } = parseArgs({ options: { against: { type: 'string' }, json: { type: 'string' } } });
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const milliseconds = Number(process.env['BENCH_SECONDS'] ?? 1.5) * 1000;
const reviews = Number(process.env['BENCH_REVIEWS'] ?? 200_000);
const peer = process.env['BENCH_PEER'];

const folder = import.meta.dirname;
const root = join(folder, '..');
const directory = mkdtempSync(join(tmpdir(), 'pgusher-bench-'));
const files = developmentCertificate(directory, new Date());
/** The servers on one core, the load on another, where there are two and taskset is there. */
const canPin = cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0;

/** However it ends, nothing is left: a peer that goes on would hold the port of the next run. */
const children: ChildProcess[] = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

interface Server {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
  path(body: BenchBody): string;
}

function start(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  const [command, ...rest] = canPin ? ['taskset', '-c', '0', program, ...args] : [program, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
  children.push(child);
  return child;
}

async function firstOutput(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      if (text.length > 10_000) return;
      text += chunk.toString();
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
}

async function startBare(name: string, ...mode: readonly string[]): Promise<Server> {
  const program = join(folder, 'admission', 'bare-server.ts');
  const child = start(process.execPath, [program, files.certificate, files.key, ...mode]);
  const port = Number(await firstOutput(child, /^(\d+)\n/));
  return { name, port, process: child, path: (body) => `/mutate?size=${String(body.answerSize)}` };
}

async function startOurs(folderOfImage = image, name = 'pgusher'): Promise<Server> {
  const flags = [
    '--listen',
    '127.0.0.1:0',
    '--certificate',
    files.certificate,
    '--key',
    files.key,
    '--ca',
    files.authority,
  ];
  const search = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const child = start(join(folderOfImage, 'bin', 'pgusher'), ['serve', ...flags], { PATH: search });
  const port = Number(await firstOutput(child, /"port":(\d+)/));
  return { name, port, process: child, path: ({ webhook }) => `/${webhook}?timeout=10s` };
}

async function startPeer(program: string): Promise<Server> {
  const port = 20_443;
  const environment = { PORT: String(port), SSL_CERT_PATH: files.certificate, SSL_KEY_PATH: files.key };
  const child = start(program, [], environment);
  child.stdout?.resume();
  await untilAnswered(port, '/healthz');
  return { name: 'peer', port, process: child, path: () => '/mutate' };
}

/** Milliseconds from the start of the process to the first 200 of /readyz, through the CA. */
async function startTime(): Promise<number> {
  const began = performance.now();
  const server = await startOurs();
  await untilAnswered(server.port, '/readyz');
  const time = performance.now() - began;
  server.process.kill('SIGKILL');
  return time;
}

async function untilAnswered(port: number, path: string): Promise<void> {
  const ca = readFileSync(files.authority);
  for (;;) {
    const status = await new Promise<number>((resolve) => {
      request({ host: '127.0.0.1', port, path, ca, servername: 'localhost' }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', () => {
          resolve(0);
        })
        .end();
    });
    if (status === 200) return;
    await sleep(5);
  }
}

const generator = fork(join(folder, 'admission', 'load-generator.ts'));
children.push(generator);
if (canPin) spawnSync('taskset', ['-p', '-c', '1', String(generator.pid)]);

async function load(server: Server, body: BenchBody, connections: number, requests = Infinity): Promise<LoadResult> {
  const limit = requests === Infinity ? 1e12 : requests;
  const time = requests === Infinity ? milliseconds : 1e9;
  const order: LoadOrder = {
    port: server.port,
    path: server.path(body),
    bodies: body.bodies,
    connections,
    milliseconds: time,
    requests: limit,
  };
  return new Promise((resolve) => {
    generator.once('message', (result: LoadResult) => {
      if (result.failures > 0) throw new Error(`${server.name}: ${String(result.failures)} answers were not 200`);
      resolve(result);
    });
    generator.send(order);
  });
}

/** Microseconds of processor time that a process took so far; clock ticks of 10 ms. */
function processorTime({ process: { pid } }: Server): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function residentMegabytes({ process: { pid } }: Server): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1024;
}

interface Cell extends LoadResult {
  readonly processor: number;
}

async function measure(server: Server, body: BenchBody, connections: number): Promise<Cell> {
  const before = processorTime(server);
  const result = await load(server, body, connections);
  return { ...result, processor: (processorTime(server) - before) / result.requests };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function row(
  body: BenchBody,
  connections: number,
  server: Server,
  cells: readonly Cell[],
  bare: readonly Cell[],
): string {
  const of = (pick: (cell: Cell) => number): number => median(cells.map(pick));
  const ratio = median(cells.map((cell, index) => cell.perSecond / (bare[index]?.perSecond ?? NaN)));
  const tail = median(cells.map((cell, index) => cell.p99 / (bare[index]?.p99 ?? NaN)));
  const figures = [
    body.name,
    String(connections),
    server.name,
    of((cell) => cell.perSecond).toFixed(0),
    ratio.toFixed(2),
    `${of((cell) => cell.p50).toFixed(2)} / ${of((cell) => cell.p99).toFixed(2)}`,
    tail.toFixed(2),
    of((cell) => cell.processor).toFixed(0),
  ];
  return `| ${figures.join(' | ')} |`;
}

// What the image runs: compiled, since stripping types from the sources takes time to start and memory.
if (spawnSync(process.execPath, [join(root, 'scripts', 'build.ts')], { stdio: 'inherit' }).status !== 0) {
  throw new Error('the build failed');
}
const image = imageFolder(root, join(root, 'dist'), join(directory, 'image'));
const bare = await startBare('bare');
const parsing = await startBare('bare, parses and logs', 'parse');
const ours = await startOurs();
const before =
  wanted.against === undefined
    ? []
    : [await startOurs(buildOf(wanted.against, root, directory), `pgusher at ${wanted.against}`)];
const others = peer === undefined ? [] : [await startPeer(peer)];
const servers = [bare, parsing, ours, ...before, ...others];
/** A peer does its own injection, into the first body only. */
const serversOf = (body: BenchBody): readonly Server[] =>
  body === bodies[0] ? servers : servers.filter((server) => !others.includes(server));
const bodies = benchBodies();

console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim() ?? ''} x ${String(cpus().length)}, ` +
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}, ${String(rounds)} rounds of ${String(milliseconds / 1000)} s\n`,
);
console.log(
  '| body | connections | server | per second | ratio | p50 / p99 ms | p99 ratio | CPU µs |\n|---|---|---|---|---|---|---|---|',
);
for (const body of bodies.slice(0, 5)) {
  for (const server of serversOf(body)) await load(server, body, 8, 3000);
}
const measured: unknown[] = [];
for (const body of bodies) {
  for (const connections of [1, 8, 64]) {
    const cells = new Map<Server, Cell[]>(servers.map((server) => [server, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const server of serversOf(body)) cells.get(server)?.push(await measure(server, body, connections));
    }
    for (const [{ name }, rows] of cells) measured.push({ body: body.name, connections, server: name, cells: rows });
    for (const server of serversOf(body))
      console.log(row(body, connections, server, cells.get(server) ?? [], cells.get(bare) ?? []));
  }
}

console.log();
for (const body of reviews > 0 ? bodies.slice(0, 2) : []) {
  const fresh = await startOurs();
  const memory: string[] = [];
  for (let part = 0; part < 4; part += 1) {
    await load(fresh, body, 8, reviews / 4);
    memory.push(residentMegabytes(fresh).toFixed(0));
  }
  console.log(`${body.name}: memory after each quarter of ${String(reviews)} reviews: ${memory.join(', ')} MB`);
  fresh.process.kill('SIGKILL');
}
const starts: number[] = [];
for (let round = 0; round < rounds; round += 1) starts.push(await startTime());
console.log(
  `start to ready: ${median(starts).toFixed(0)} ms (${Math.min(...starts).toFixed(0)} to ${Math.max(...starts).toFixed(0)})`,
);

const cost = checkCost(2000, rounds);
console.log(
  `${String(cost.checks)} checks together: ${cost.typical.toFixed(0)} µs for a CREATE of 7.5 KB, ${cost.update.toFixed(0)} for an UPDATE of it, ` +
    `${cost.large.toFixed(0)} for a CREATE of 1 MB (managedFields); aim: 300`,
);

if (wanted.json !== undefined) writeFileSync(wanted.json, `${JSON.stringify(measured)}\n`);
process.exit(0);
