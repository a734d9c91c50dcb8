import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { contractOf } from '../test/postgres/support/contract.ts';
import { debianPostgres } from '../test/support/debian-postgres.ts';
import { median, printRow } from './agent/measure.ts';

/**
 * `npm run bench:first-start -- [--runs N]`: from an empty volume to the first login, the image alone against the same with pgusher:
 * `restore` (built, with Node's start), `pgusher-initdb`, the image. Without what Kubernetes needs to start containers. In turns.
 */
const { values } = parseArgs({ options: { runs: { type: 'string' } } });
const runs = Number(values.runs ?? 5);

const repository = join(import.meta.dirname, '..');
const scripts = join(repository, 'src/agent/scripts');
const image = join(repository, 'test/support/official-image/run-in-image.sh');

/** The entrypoint with the server, until a client was let in; then the server is stopped. */
const untilLogin = `
docker-entrypoint.sh postgres -c listen_addresses= >/tmp/log 2>&1 &
until grep -q "^ready" "$PGDATA/postmaster.pid" 2>/dev/null && [ "$(head -n 1 "$PGDATA/postmaster.pid")" = $! ] &&
  psql -XAtq -U postgres -c "SELECT 1" >/dev/null 2>&1; do
  kill -0 $! || exit 1
  sleep 0.02
done
date +%s%N
kill -INT $!
wait $! || :`;

/** The program that decides, as one file; from the sources Node would take the types off first. */
async function buildRestore(folder: string): Promise<string> {
  const bundle = await rolldown({
    input: join(repository, 'test/postgres/support/restore-process.ts'),
    platform: 'node',
    external: ['pg-native'],
  });
  await bundle.write({ dir: join(folder, 'restore'), format: 'esm', entryFileNames: 'restore.mjs' });
  cpSync(scripts, join(folder, 'scripts'), { recursive: true });
  return join(folder, 'restore', 'restore.mjs');
}

interface Files {
  readonly root: string;
  readonly major: number;
  readonly restore: string;
}

/** Seconds from nothing to the login. */
function firstStart({ root, major, restore }: Files, withPgusher: boolean): number {
  const place = mkdtempSync(join(tmpdir(), 'pgusher-bench-'));
  chmodSync(place, 0o755);
  const environment = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    IMAGE_FILES: root,
    POSTGRES_BIN: `/usr/lib/postgresql/${major}/bin`,
    PGDATA: '/volume/pgdata',
    POSTGRES_PASSWORD: 'x',
  };
  const inside = (...command: readonly string[]): string => {
    const ended = spawnSync(image, [place, '0:0', ...command], { env: environment, encoding: 'utf8' });
    if (ended.status !== 0)
      throw new Error(`${command[0] ?? ''}: ${ended.status ?? ''} ${ended.stdout} ${ended.stderr}`);
    return ended.stdout;
  };
  try {
    inside('chown', '-R', '999:999', '/volume', '/pgusher');
    const began = BigInt(Date.now()) * 1_000_000n;
    if (withPgusher) {
      decide(place, restore, major);
      inside('sh', '/pgusher/bin/initdb.sh', 'postgres', '-c', 'listen_addresses=');
    }
    const ended = BigInt(inside('sh', '-c', untilLogin).trim());
    return Number(ended - began) / 1e9;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** `restore` in front of an empty volume. */
function decide(place: string, restore: string, major: number): void {
  const contract = contractOf({
    set: 'db',
    major,
    dataDirectory: join(place, 'volume/pgdata'),
    dataMount: join(place, 'volume'),
    serverPort: 5432,
    agentPort: 9187,
    store: null,
    backup: null,
  });
  const ended = spawnSync(process.execPath, ['--max-semi-space-size=2', restore], {
    uid: 999,
    gid: 999,
    cwd: '/',
    encoding: 'utf8',
    env: {
      ...process.env,
      PGUSHER_CONTRACT: JSON.stringify(contract),
      RESTORE_PLACES: JSON.stringify({
        shared: join(place, 'pgusher'),
        pod: 'db-0',
        mustBeMount: false,
        liveSettings: join(place, 'nowhere'),
        ports: null,
      }),
    },
  });
  if (ended.status !== 0) throw new Error(`restore: ${ended.stderr}`);
  const decision = join(place, 'pgusher/decision');
  writeFileSync(decision, readFileSync(decision, 'utf8').replaceAll(`${place}/`, '/'));
}

const folder = mkdtempSync(join(tmpdir(), 'pgusher-bench-restore-'));
chmodSync(folder, 0o755);
try {
  const restore = await buildRestore(folder);
  console.log(
    `${cpus().length} cores, load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}, ${runs} runs\n`,
  );
  console.log('| first start to login | with pgusher | image alone | |\n| --- | --- | --- | --- |');
  for (const suite of ['bookworm', 'trixie']) {
    const debian = await debianPostgres(suite);
    if (debian === undefined) continue;
    const ours: number[] = [];
    const alone: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      alone.push(firstStart({ ...debian, restore }, false));
      ours.push(firstStart({ ...debian, restore }, true));
    }
    const limit = 1.15 * median(alone) + 1;
    printRow({
      what: `PostgreSQL ${debian.major}`,
      ours: `${median(ours).toFixed(2)} s`,
      other: `${median(alone).toFixed(2)} s`,
      ratio: `${median(ours) <= limit ? 'held' : 'not held'}: aim ${limit.toFixed(2)} s (1.15 x and 1 s)`,
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
