import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DebianPostgres } from '../../support/debian-postgres.ts';
import { requireTool } from '../../support/tool.ts';
import type { Combination } from './combination.ts';
import { written } from './combination.ts';

const support = join(import.meta.dirname, '../../support/official-image');
const scriptsOfOurs = join(import.meta.dirname, '../../../src/agent/scripts');

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

function newFolder(name: string, mode: number): string {
  const folder = mkdtempSync(join(places, `pgusher-${name}-`));
  chmodSync(folder, mode);
  return folder;
}

export interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly milliseconds: number;
}

export const serverArguments = ['postgres', '-c', 'listen_addresses=', '-c', 'fsync=off'];

/** The stand-in for the image, with the programs of a Debian suite. */
export class Image {
  readonly root: string;
  readonly bin: string;
  /** What initdb made, by its arguments. */
  readonly templates = newFolder('templates', 0o1777);
  /** A root directory that nothing ran in yet; copied, since the mounts of a container cost more. */
  readonly untouched = newFolder('image', 0o755);

  constructor(debian: DebianPostgres) {
    this.root = debian.root;
    this.bin = `/usr/lib/postgresql/${debian.major}/bin`;
  }

  async prepare(): Promise<void> {
    await runIn(this, this.untouched, '0:0', ['true']);
    const programs = join(this.untouched, 'local');
    for (const name of ['serve-and-describe.sh', 'databases.sql', 'database.sql']) {
      cpSync(join(support, name), join(programs, name));
    }
    cpSync(join(support, 'initdb-once.sh'), join(programs, 'initdb'));
    // Debian's is a Perl program in front of it, which takes longer than a script. test/shell has that.
    symlinkSync(`${this.bin}/psql`, join(programs, 'psql'));
    // The image has xz-utils, the file systems of Debian here have its library alone.
    cpSync(requireTool('xz'), join(programs, 'xzcat'));
    for (const name of readdirSync(scriptsOfOurs)) {
      cpSync(join(scriptsOfOurs, name), join(this.untouched, 'pgusher/bin', name));
      chmodSync(join(this.untouched, 'pgusher/bin', name), 0o755);
    }
    chmodSync(join(this.untouched, 'pgusher'), 0o777);
    mkdirSync(join(this.untouched, 'dumps'));
    chmodSync(join(this.untouched, 'dumps'), 0o777);
    writeFileSync(join(this.untouched, 'pgusher-replication/username'), 'standby\n');
    writeFileSync(join(this.untouched, 'pgusher-replication/password'), 'p\n');
  }

  remove(): void {
    rmSync(this.templates, { recursive: true, force: true });
    rmSync(this.untouched, { recursive: true, force: true });
  }
}

interface RunOptions {
  readonly environment?: Record<string, string>;
  /** SIGKILL comes once this is over. */
  readonly killWhen?: (ended: AbortSignal) => Promise<void>;
}

function childrenOf(pid: number | undefined): readonly number[] {
  try {
    return readFileSync(`/proc/${pid ?? 0}/task/${pid ?? 0}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

async function runIn(
  image: Image,
  directory: string,
  user: string,
  command: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const before = Date.now();
  const child = spawn(join(support, 'run-in-image.sh'), [directory, user, ...command], {
    env: {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      POSTGRES_BIN: image.bin,
      IMAGE_FILES: image.root,
      IMAGE_TEMPLATES: image.templates,
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  if (options.killWhen !== undefined) {
    const over = new AbortController();
    void ended.then(() => {
      over.abort();
    });
    await Promise.race([ended, options.killWhen(over.signal)]);
    // Process 1 of the container, and all of it goes, as the kubelet does. `unshare --kill-child` alone does not: the kernel forgets that signal where
    // a process changes its user (prctl(2), PR_SET_PDEATHSIG), and what was to be cut off went on to its end.
    for (const first of childrenOf(child.pid)) process.kill(first, 'SIGKILL');
    child.kill('SIGKILL');
  }
  return { status: await ended, output, milliseconds: Date.now() - before };
}

/** A container of the image with its volumes, as a combination wants them. */
export class Place {
  readonly directory: string;
  private readonly image: Image;
  private readonly combination: Combination;
  private readonly owner: readonly [number, number];

  constructor(image: Image, combination: Combination) {
    this.image = image;
    this.combination = combination;
    this.owner = combination.user === '54321:54321' ? [54321, 54321] : [999, 999];
    this.directory = newFolder('first', 0o755);
    spawnSync('cp', ['-a', `${image.untouched}/.`, this.directory]);
    for (const script of combination.scripts) {
      for (const { name, content, mode, linkTo } of written(script)) {
        const path = join(this.directory, 'docker-entrypoint-initdb.d', name);
        if (linkTo === undefined) {
          writeFileSync(path, content);
          chmodSync(path, mode);
        } else {
          symlinkSync(linkTo, path);
        }
      }
    }
    for (const [name, value] of Object.entries(this.given())) {
      writeFileSync(join(this.directory, 'tmp', name), value);
    }
    writeFileSync(
      join(this.directory, 'pgusher/decision'),
      `action=initialise\nrole=primary\narchive=yes\ndata_directory=${this.dataDirectory()}\nstaging=/volume/.pgusher/staging\nfilling=/volume/.pgusher/filling\n`,
    );
    if (!combination.atMountRoot) mkdirSync(join(this.directory, 'volume/data'));
    for (const name of ['volume', 'wal', ...(combination.atMountRoot ? [] : ['volume/data'])]) {
      chownSync(join(this.directory, name), ...this.owner);
    }
  }

  /** As `restore` makes it. */
  makeOwnFolder(): void {
    const folder = join(this.directory, 'volume/.pgusher');
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, ...this.owner);
  }

  private dataDirectory(): string {
    return this.combination.atMountRoot ? '/volume' : '/volume/data/pgdata';
  }

  /** What the image takes from a variable or from a file. */
  private given(): Readonly<Record<string, string>> {
    const { superuser, database, password } = this.combination;
    return {
      ...(password === null ? {} : { POSTGRES_PASSWORD: password }),
      ...(superuser === null ? {} : { POSTGRES_USER: superuser }),
      ...(database === null ? {} : { POSTGRES_DB: database }),
      POSTGRES_INITDB_ARGS: ['--no-sync', ...this.combination.arguments].join(' '),
    };
  }

  environment(): Record<string, string> {
    const { combination } = this;
    const given = Object.entries(this.given()).map(([name, value]): [string, string] =>
      combination.fromFiles ? [`${name}_FILE`, `/tmp/${name}`] : [name, value],
    );
    return {
      ...Object.fromEntries(given),
      PGDATA: this.dataDirectory(),
      ...(combination.walElsewhere ? { POSTGRES_INITDB_WALDIR: '/wal/of-this' } : {}),
      ...(combination.method === null ? {} : { POSTGRES_HOST_AUTH_METHOD: combination.method }),
      ...combination.connection,
    };
  }

  inside(
    command: readonly string[],
    options: RunOptions & { readonly environment: Record<string, string> },
  ): Promise<Ended> {
    return runIn(this.image, this.directory, this.combination.user, command, options);
  }

  /** What the image serves here, initialised first where nothing is there; undefined where it does not come so far. */
  async served(): Promise<Ended & { readonly description: string | undefined }> {
    const ended = await this.inside(
      ['sh', '/usr/local/bin/serve-and-describe.sh', '/dumps/dump', '600', ...serverArguments],
      { environment: this.environment() },
    );
    const description = ended.status === 0 ? readFileSync(join(this.directory, 'dumps/dump'), 'utf8') : undefined;
    return { ...ended, description };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
