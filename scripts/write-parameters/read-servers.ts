import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface ServerParameters {
  readonly major: number;
  /** As `postgres --version` says it. */
  readonly version: string;
  /** What `-c` takes. */
  readonly settable: ReadonlySet<string>;
  /** What the server knows and nobody can set. */
  readonly readOnly: ReadonlySet<string>;
}

/** How one server is run: a program before it (chroot, setpriv), and where its programs are. */
interface Place {
  readonly before: readonly string[];
  readonly directory: string;
  /** A directory of ours that the server sees as `seen`. */
  readonly scratch: string;
  readonly seen: string;
}

/**
 * Known, and shown by no pg_settings: names that older ones stand for (map_old_guc_names in src/backend/utils/misc/guc.c)
 * and those with GUC_NO_SHOW_ALL.
 */
const hidden = [
  'sort_mem',
  'vacuum_mem',
  'ssl_ecdh_curve',
  'force_parallel_mode',
  'role',
  'session_authorization',
  'seed',
];

/** @returns in the order of majors. @throws where one cannot be asked, or a major is there twice. */
export function readServers(places: readonly string[]): readonly ServerParameters[] {
  const first = places.map((place) => withPlace(place, readSettings));
  const candidates = new Set([...hidden, ...first.flatMap(({ settings }) => [...settings.keys()])]);
  const servers = places.map((place, index) => {
    const { major, version, settings } = first[index] ?? { major: 0, version: '', settings: new Map<string, string>() };
    const readOnly = new Set([...settings].filter(([, context]) => context === 'internal').map(([name]) => name));
    const unseen = [...candidates].filter((name) => !settings.has(name));
    const known = withPlace(place, (where) => unseen.filter((name) => knows(where, name)));
    const settable = new Set([...settings.keys(), ...known].filter((name) => !readOnly.has(name)));
    return { major, version, settable, readOnly };
  });
  const majors = servers.map(({ major }) => major);
  if (new Set(majors).size !== majors.length) throw new Error(`two servers of one major: ${majors.join(', ')}`);
  return servers.sort((a, b) => a.major - b.major);
}

function withPlace<Value>(place: string, ask: (where: Place) => Value): Value {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] : [];
  const isFile = statSync(place).isFile();
  const scratch = mkdtempSync(isFile ? '/tmp/parameters-' : join(place, 'tmp/parameters-'));
  try {
    const where: Place = isFile
      ? { before: user, directory: dirname(place), scratch, seen: scratch }
      : {
          before: ['chroot', '--userspec=postgres:postgres', place],
          directory: newestIn(place),
          scratch,
          seen: scratch.slice(place.replace(/\/$/, '').length),
        };
    if (isRoot)
      execFileSync(
        isFile ? 'chown' : 'chroot',
        isFile ? ['postgres', scratch] : [place, 'chown', 'postgres', where.seen],
      );
    run(where, 'initdb', ['-D', join(where.seen, 'data'), '-U', 'postgres', '--locale=C', '--no-sync', '-A', 'trust']);
    return ask(where);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function newestIn(root: string): string {
  const versions = readdirSync(join(root, 'usr/lib/postgresql')).map(Number);
  return `/usr/lib/postgresql/${Math.max(...versions)}/bin`;
}

function run({ before, directory }: Place, program: string, args: readonly string[], input = ''): string {
  const [first = '', ...rest] = [...before, join(directory, program), ...args];
  return execFileSync(first, rest, { input, encoding: 'utf8', cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
}

function readSettings(where: Place): { major: number; version: string; settings: Map<string, string> } {
  const version = run(where, 'postgres', ['--version'])
    .trim()
    .replace(/^postgres \(PostgreSQL\) /, '');
  // The single-user mode prints a row as ` 1: name = "…" (typeid …)`: no port, no socket.
  const answer = run(
    where,
    'postgres',
    ['--single', '-D', join(where.seen, 'data'), 'postgres'],
    "SELECT name || ' ' || context AS row FROM pg_settings\n",
  );
  const rows = [...answer.matchAll(/row = "(\S+) (\S+)"/g)];
  if (rows.length < 200) throw new Error(`${version} names only ${rows.length} parameters`);
  // Two contain a dot where a module is loaded; PostgreSQL's own have none. Some are written in two cases (DateStyle).
  const settings = new Map(rows.map(([, name = '', context = '']) => [name.toLowerCase(), context]));
  return { major: Number.parseInt(version, 10), version, settings };
}

function knows({ before, directory, seen }: Place, name: string): boolean {
  const [first, ...rest] = [...before, join(directory, 'postgres'), '-D', join(seen, 'data'), '-C', name];
  const { status, stderr } = spawnSync(first, rest, { encoding: 'utf8', cwd: '/' });
  if (status !== 0 && !/unrecognized configuration parameter/.test(stderr)) {
    throw new Error(`postgres -C ${name}: ${stderr}`);
  }
  return status === 0;
}
