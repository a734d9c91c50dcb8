import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  statfsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { debianPostgres } from '../support/debian-postgres.ts';
import { canMount, findTool, missingTools, requireTool } from '../support/tool.ts';

/**
 * The first start with pgusher makes the database that the image alone makes: for combinations of the image's variables, scripts, users
 * and places, and also where it is killed at any moment and begins anew.
 */

/** Each costs two first starts and two servers, some four seconds of processor: `PGUSHER_FIRST_STARTS=200` before a release. */
const combinations = Number(process.env['PGUSHER_FIRST_STARTS'] ?? 32);

/** In memory where there is room for it: a first start writes some hundred megabytes. */
const places = hasRoom('/dev/shm') ? '/dev/shm' : tmpdir();

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize > 2 ** 31;
  } catch {
    return false;
  }
}

/** Side by side: most of a first start is waiting for a server that starts or stops. */
const atATime = Math.max(2, availableParallelism());

const support = join(import.meta.dirname, '../support/official-image');
const scriptsOfOurs = join(import.meta.dirname, '../../src/agent/scripts');

interface Script {
  readonly kind: 'sourced' | 'executed' | 'sql' | 'gz' | 'xz' | 'zst' | 'ignored' | 'settings' | 'tablespace';
  readonly order: number;
}

interface Combination {
  readonly user: '0:0' | '999:999' | '54321:54321';
  readonly superuser: string | null;
  readonly database: string | null;
  readonly secretsFromFiles: boolean;
  readonly arguments: readonly string[];
  readonly walElsewhere: boolean;
  readonly method: string | null;
  readonly atMountRoot: boolean;
  readonly replication: boolean;
  readonly connection: Readonly<Record<string, string>>;
  readonly scripts: readonly Script[];
  /** When SIGKILL comes, in thousandths of the time that the image alone took; null: never. */
  readonly killedAt: number | null;
  readonly killedInInitdb: boolean;
}

const arbitrary: fc.Arbitrary<Combination> = fc.record({
  user: fc.constantFrom('0:0', '999:999', '54321:54321'),
  superuser: fc.constantFrom(null, 'app', 'Über user'),
  database: fc.constantFrom(null, 'orders', 'a b"c'),
  secretsFromFiles: fc.boolean(),
  arguments: fc.constantFrom(
    [],
    ['--data-checksums', '--allow-group-access'],
    ['--auth-local=scram-sha-256'],
    ['--allow-group-access', '--wal-segsize=2'],
    ['--data-checksums', '--auth-local=scram-sha-256', '--wal-segsize=2'],
  ),
  walElsewhere: fc.boolean(),
  method: fc.constantFrom(null, 'trust', 'md5'),
  atMountRoot: fc.boolean(),
  replication: fc.boolean(),
  connection: fc.constantFrom(
    {},
    { PGHOST: 'elsewhere.invalid', PGHOSTADDR: '203.0.113.1' },
    { PGOPTIONS: '-c work_mem=5MB' },
  ),
  scripts: fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom<Script['kind']>(
        'sourced',
        'executed',
        'sql',
        'gz',
        'xz',
        'zst',
        'ignored',
        'settings',
        'tablespace',
      ),
      order: fc.integer({ min: 10, max: 99 }),
    }),
    { maxLength: 4, selector: ({ order }) => order },
  ),
  killedAt: fc.option(fc.integer({ min: 0, max: 1200 }), { freq: 2 }),
  killedInInitdb: fc.boolean(),
});

/** The text of a script, and how its file is named. */
function written({ kind, order }: Script): readonly [name: string, content: string | Buffer, mode: number] {
  const table = `CREATE TABLE made_by_${kind}_${order} AS SELECT ${order} AS a;\n`;
  const ask = 'psql -v ON_ERROR_STOP=1 -q -h /var/run/postgresql -U "$POSTGRES_USER" -d "$POSTGRES_DB"';
  const named = (suffix: string): string => `${order}-${kind}.${suffix}`;
  switch (kind) {
    case 'sourced':
      // The array is the entrypoint's; an unset variable is no error there.
      return [named('sh'), `if [ -n "$OPTIONAL" ]; then exit 1; fi\n"\${psql[@]}" <<<'${table.trim()}'\n`, 0o644];
    case 'executed':
      return [named('sh'), `#!/bin/bash\nset -e\nPGHOSTADDR= ${ask} <<'SQL'\n${table}SQL\n`, 0o755];
    case 'sql':
      return [named('sql'), table, 0o644];
    case 'gz':
      return [named('sql.gz'), gzipSync(table), 0o644];
    case 'xz':
      return [named('sql.xz'), spawnSync('xz', { input: table }).stdout, 0o644];
    case 'zst':
      return [named('sql.zst'), zstdCompressSync(table), 0o644];
    case 'ignored':
      return [named('txt'), 'not for the image\n', 0o644];
    case 'settings':
      return [
        named('sh'),
        `echo note >"$PGDATA/note-${order}"\necho "ident_file = '$PGDATA/pg_ident.conf'" >>"$PGDATA/postgresql.conf"\n`,
        0o644,
      ];
    case 'tablespace':
      return [
        named('sh'),
        `mkdir "$PGDATA/space-${order}"\n"\${psql[@]}" <<<"CREATE TABLESPACE space_${order} LOCATION '$PGDATA/space-${order}'"\n`,
        0o644,
      ];
  }
}

interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly milliseconds: number;
}

interface Files {
  readonly root: string;
  readonly bin: string;
  /** What initdb made, by its arguments. */
  readonly templates: string;
}

/** A root directory of an image with a volume; `inside` runs a command there. */
class Place {
  readonly directory: string;
  private readonly files: Files;
  private readonly combination: Combination;

  constructor(files: Files, combination: Combination) {
    this.directory = mkdtempSync(join(places, 'pgusher-first-'));
    chmodSync(this.directory, 0o755);
    this.files = files;
    this.combination = combination;
  }

  async prepare(): Promise<void> {
    await this.inside('0:0', ['true']);
    const owner = this.combination.user === '0:0' ? '999:999' : this.combination.user;
    for (const script of this.combination.scripts) {
      const [name, content, mode] = written(script);
      writeFileSync(join(this.directory, 'docker-entrypoint-initdb.d', name), content);
      chmodSync(join(this.directory, 'docker-entrypoint-initdb.d', name), mode);
    }
    writeFileSync(join(this.directory, 'pgusher-replication/username'), 'standby\n');
    writeFileSync(join(this.directory, 'pgusher-replication/password'), 'p\n');
    cpSync(join(support, 'serve-and-dump.sh'), join(this.directory, 'local/serve-and-dump.sh'));
    cpSync(join(support, 'initdb-once.sh'), join(this.directory, 'local/initdb'));
    // The image has xz-utils, the file systems of Debian here have its library alone.
    cpSync(requireTool('xz'), join(this.directory, 'local/xzcat'));
    for (const name of readdirSync(scriptsOfOurs)) {
      cpSync(join(scriptsOfOurs, name), join(this.directory, 'pgusher/bin', name));
      chmodSync(join(this.directory, 'pgusher/bin', name), 0o755);
    }
    for (const [name, value] of Object.entries(this.logins())) {
      writeFileSync(join(this.directory, 'tmp', name), value);
    }
    writeFileSync(
      join(this.directory, 'pgusher/decision'),
      `action=initialise\nrole=primary\narchive=yes\ndata_directory=${this.dataDirectory()}\nstaging=/volume/.pgusher/staging\nfilling=/volume/.pgusher/filling\n`,
    );
    await this.inside('0:0', [
      'sh',
      '-c',
      `${this.combination.atMountRoot ? '' : 'mkdir -p /volume/data; '}chown -R ${owner} /volume /wal; chmod 777 /pgusher /dumps 2>/dev/null; mkdir -m 777 /dumps`,
    ]);
  }

  /** As `restore` makes it. */
  makeOwnFolder(): void {
    mkdirSync(join(this.directory, 'volume/.pgusher'), { mode: 0o700, recursive: true });
  }

  dataDirectory(): string {
    return this.combination.atMountRoot ? '/volume' : '/volume/data/pgdata';
  }

  private logins(): Record<string, string> {
    const { superuser, database } = this.combination;
    return {
      POSTGRES_PASSWORD: "it's $ecret",
      ...(superuser === null ? {} : { POSTGRES_USER: superuser }),
      ...(database === null ? {} : { POSTGRES_DB: database }),
    };
  }

  environment(): Record<string, string> {
    const { combination } = this;
    const logins = Object.entries(this.logins()).map(([name, value]) =>
      combination.secretsFromFiles ? [`${name}_FILE`, `/tmp/${name}`] : [name, value],
    );
    return {
      ...(Object.fromEntries(logins) as Record<string, string>),
      PGDATA: this.dataDirectory(),
      POSTGRES_INITDB_ARGS: ['--no-sync', ...combination.arguments].join(' '),
      ...(combination.walElsewhere ? { POSTGRES_INITDB_WALDIR: '/wal/of-this' } : {}),
      ...(combination.method === null ? {} : { POSTGRES_HOST_AUTH_METHOD: combination.method }),
      ...combination.connection,
    };
  }

  async inside(
    user: string,
    command: readonly string[],
    options: { environment?: Record<string, string>; killAfter?: number } = {},
  ): Promise<Ended> {
    const before = Date.now();
    const child = spawn(join(support, 'run-in-image.sh'), [this.directory, user, ...command], {
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        POSTGRES_BIN: this.files.bin,
        IMAGE_FILES: this.files.root,
        IMAGE_TEMPLATES: this.files.templates,
        ...options.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    if (options.killAfter !== undefined) {
      await Promise.race([ended, sleep(options.killAfter)]);
      // `unshare --kill-child`: all of the container with it, as the kubelet does.
      child.kill('SIGKILL');
    }
    return { status: await ended, output, milliseconds: Date.now() - before };
  }

  async served(): Promise<string | undefined> {
    const { status } = await this.inside(
      this.combination.user,
      ['sh', '/usr/local/bin/serve-and-dump.sh', '/dumps/dump', '600', 'postgres', ...settings],
      { environment: this.environment() },
    );
    return status === 0 ? readFileSync(join(this.directory, 'dumps/dump'), 'utf8') : undefined;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const settings = ['-c', 'listen_addresses=', '-c', 'fsync=off'];

/** What pgusher adds: the role, and its lines of pg_hba.conf. */
function withoutOurs(dump: string): string {
  return dump
    .replace(/# pgusher: begin[^]*?# pgusher: end\n/, '')
    .split('\n')
    .filter((line) => !/^(CREATE|ALTER|COMMENT ON) ROLE standby\b|^standby\|/.test(line) && line !== '.pgusher')
    .join('\n');
}

async function comparesWell(files: Files, combination: Combination): Promise<'same' | 'refused by the image'> {
  const alone = new Place(files, combination);
  const ours = new Place(files, combination);
  try {
    await alone.prepare();
    const before = Date.now();
    const wanted = await alone.served();
    const took = Date.now() - before;
    if (wanted === undefined) return 'refused by the image';
    await ours.prepare();
    ours.makeOwnFolder();
    await ours.inside('0:0', ['chown', combination.user === '0:0' ? '999:999' : combination.user, '/volume/.pgusher']);
    const environment = {
      ...ours.environment(),
      ...(combination.replication ? { PGUSHER_REPLICATION_NETWORK: 'samenet' } : {}),
    };
    const command = ['sh', '/pgusher/bin/initdb.sh', 'postgres', ...settings];
    if (combination.killedAt !== null) {
      await ours.inside(combination.user, command, {
        // PostgreSQL's own initdb: half of those that are killed are killed in it.
        environment: { ...environment, ...(combination.killedInInitdb ? { IMAGE_TEMPLATES: '' } : {}) },
        killAfter: (combination.killedAt / 1000) * took,
      });
    }
    const ended = await ours.inside(combination.user, command, { environment });
    expect(ended, ended.output).toMatchObject({ status: 0 });
    expect(existsSync(join(ours.directory, 'volume/.pgusher/initialising'))).toBe(false);
    const made = await ours.served();
    expect(withoutOurs(made ?? 'not served')).toBe(withoutOurs(wanted));
    if (combination.replication) expect(made).toContain('\nstandby|f|t|t|SCRAM-SHA-256$');
    return 'same';
  } finally {
    alone.remove();
    ours.remove();
  }
}

describe.skipIf(!canMount() || !findTool('postgres').found || missingTools('xz'))('the first start', () => {
  it.each(['bookworm', 'trixie'])(
    'with the PostgreSQL of Debian %s makes the database that the image alone makes, killed on the way or not',
    async (suite) => {
      const debian = await debianPostgres(suite);
      if (debian === undefined) return;
      const templates = mkdtempSync(join(places, 'pgusher-templates-'));
      chmodSync(templates, 0o1777);
      const files = { root: debian.root, bin: `/usr/lib/postgresql/${debian.major}/bin`, templates };
      const drawn = fc.sample(arbitrary, combinations / 2);
      const left = drawn.values();
      const faults: string[] = [];
      let same = 0;
      const work = async (): Promise<void> => {
        for (const combination of left) {
          const outcome = await comparesWell(files, combination).catch((error: unknown) => {
            faults.push(`with ${JSON.stringify(combination)}:\n${String(error)}`);
          });
          if (outcome === 'same') same += 1;
        }
      };
      await Promise.all(Array.from({ length: atATime }, work));
      rmSync(templates, { recursive: true, force: true });
      expect(faults.join('\n\n')).toBe('');
      // The draw must not consist of what the image itself refuses.
      expect(same).toBeGreaterThan(combinations / 4);
    },
    combinations * 60_000,
  );
});
