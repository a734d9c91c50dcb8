// What all the comparisons share. Environment: see README.md.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync, chownSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Buffer } from 'node:buffer';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The repository that this stands in. */
export const productDir = fileURLToPath(new URL('../..', import.meta.url));
const cache = resolve(process.env.PGUSHER_CACHE ?? join(homedir(), '.cache/pgusher'), 'readers');
export const goReaders = join(cache, 'readers-go');
export const outDir = join(cache, 'out');
mkdirSync(outDir, { recursive: true });
/** The official image's entrypoint; the stand-in of the tests unless ENTRYPOINT names the real one, which is read and never kept here. */
export const entrypoint =
  process.env.ENTRYPOINT ?? join(productDir, 'test/support/official-image/docker-entrypoint.sh');
/** Where the user postgres may come. */
export const pgWork = process.env.PG_WORK ?? join(tmpdir(), 'pgusher-readers');

/** `15=` is the host's; others are root file systems that hold /usr/lib/postgresql/<major>. */
export const servers = (process.env.PG_ROOTS ?? '15=')
  .split(',')
  .map((entry) => entry.split('='))
  .map(([major, root]) => ({ major, root: root || undefined, bin: `/usr/lib/postgresql/${major}/bin` }));

export const product = (path) => import(pathToFileURL(join(productDir, 'src', path)).href);

export function go(verb, cases) {
  const ran = spawnSync(goReaders, [verb], { input: JSON.stringify(cases), encoding: 'utf8', maxBuffer: 1 << 28 });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout);
}

export const shellQuote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** Runs a bash script as the user postgres where the server of that major is; /w is `pgWork` there (for the host too, by its own path). */
export function inServer(server, script, { input, timeout = 3_600_000 } = {}) {
  const work = server.root === undefined ? pgWork : '/w';
  const full = `export PATH=${server.bin}:/usr/bin:/bin LC_ALL=C LANG=C W=${work} HOME=${work} PG_MAJOR=${server.major}\n${script}\n`;
  const file = join(pgWork, `script-${process.pid}-${server.major}.sh`);
  writeFileSync(file, full, { mode: 0o755 });
  const name = file.slice(file.lastIndexOf('/') + 1);
  const command =
    server.root === undefined
      ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', 'env', '-i', 'bash', `${work}/${name}`]
      : [
          'unshare',
          '--mount',
          '--propagation',
          'private',
          'bash',
          '-c',
          'root=$1; mkdir -p $root/w; mount --bind "$2" $root/w; mount -t proc proc $root/proc; mount --rbind /dev $root/dev; mount -t tmpfs tmpfs $root/dev/shm 2>/dev/null; exec chroot --userspec=postgres:postgres $root /usr/bin/env -i /bin/bash "/w/$3"',
          '_',
          server.root,
          pgWork,
          name,
        ];
  const ran = spawnSync('nice', command, { encoding: 'utf8', maxBuffer: 1 << 28, input, timeout });
  rmSync(file, { force: true });
  return ran;
}

const idOf = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout.trim());
export const uid = idOf('-u');
export const gid = idOf('-g');

export function ensureCluster(server) {
  if (existsSync(join(pgWork, `data${server.major}`, 'PG_VERSION'))) return;
  mkdirSync(pgWork, { recursive: true });
  chownSync(pgWork, uid, gid);
  chmodSync(pgWork, 0o1777);
  const ran = inServer(
    server,
    `initdb -N -A trust -U postgres -D $W/data${server.major} >$W/initdb${server.major}.log 2>&1 || cat $W/initdb${server.major}.log`,
  );
  if (!existsSync(join(pgWork, `data${server.major}`, 'PG_VERSION'))) throw new Error(ran.stdout + ran.stderr);
}

/** `postgres -C name -D data argv…` for many; gives {value} or {fatal}. */
export function showAll(server, jobs) {
  ensureCluster(server);
  const lines = jobs.map(({ name, argv, env = {} }) => {
    const variables = Object.entries(env)
      .map(([key, value]) => shellQuote(`${key}=${value}`))
      .join(' ');
    const words = argv.map(shellQuote).join(' ');
    return `run ${variables === '' ? 'env' : `env ${variables}`} timeout 20 postgres -C ${shellQuote(name)} -D "$W/data${server.major}" ${words}`;
  });
  const script = `
run() { out=$("$@" 2>"$W/err.$$" </dev/null); rc=$?; printf '%s\\t%s\\t%s\\n' "$rc" "$(printf %s "$out" | base64 -w0)" "$(head -c 2000 "$W/err.$$" | base64 -w0)"; }
${lines.join('\n')}
rm -f "$W/err.$$"`;
  const ran = inServer(server, script);
  const rows = ran.stdout.trimEnd().split('\n');
  if (rows.length !== jobs.length)
    throw new Error(`${rows.length} rows for ${jobs.length} jobs: ${ran.stderr.slice(0, 2000)}`);
  return rows.map((row) => {
    const [rc, out, err] = row.split('\t');
    const text = (part) => Buffer.from(part ?? '', 'base64').toString('utf8');
    return rc === '0' ? { value: text(out) } : { fatal: firstError(text(err)), rc: Number(rc) };
  });
}

function firstError(text) {
  const line = text.split('\n').find((one) => /FATAL|ERROR|PANIC|postgres:/.test(one)) ?? text.split('\n')[0] ?? '';
  return line.replace(/^.*?(FATAL|ERROR|PANIC): +/, '').trim();
}

export function save(name, value) {
  writeFileSync(join(outDir, name), `${JSON.stringify(value, undefined, 1)}\n`);
}

export function load(name) {
  return JSON.parse(readFileSync(join(outDir, name), 'utf8'));
}

export function temporary(prefix) {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(folder, 0o755);
  return folder;
}

/** `SHARE=1/8`: each eighth of the inputs, for a machine that has not the time for all; without it all of them. */
export function share(cases) {
  const [part = 1, of = 1] = (process.env.SHARE ?? '1/1').split('/').map(Number);
  return cases.filter((_, index) => index % of === part - 1);
}

/** A set that is refused by nothing; `container` is merged into the server's, the rest into the object. */
export function statefulSet(index, { container = {}, annotations, mountPath = '/var/lib/postgresql/data' }) {
  const labels = { app: `case-${index}` };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: `case-${index}`,
      labels: { 'postgres.io/managed': 'true' },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      serviceName: `case-${index}`,
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'postgres',
              image: 'postgres:17.6-bookworm',
              ...container,
              env: [
                { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'x', key: 'password' } } },
                ...(container.env ?? []),
              ],
              volumeMounts: [{ name: 'data', mountPath }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
        },
      ],
    },
  };
}

/** What `pgusher check` finds in each of these sets, by name. */
export function findingsOf(name, manifests) {
  const file = join(outDir, `${name}-manifests.json`);
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  const checked = spawnSync('nice', [join(productDir, 'bin/pgusher'), 'check', '-f', file, '--format', 'json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (checked.stdout === '') throw new Error(checked.stderr);
  return new Map(JSON.parse(checked.stdout).map((entry) => [entry.name, entry.findings]));
}
