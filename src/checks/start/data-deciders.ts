import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import { readEnvironment } from '../../workload/environment.ts';
import { objectAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { programName } from '../../workload/launched-program.ts';
import { coveringMount, readMounts } from '../../workload/mount.ts';
import type { Mount, PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { startedPrograms } from '../../workload/started-programs.ts';

/**
 * Fills or empties the data directory, or puts configuration into it; for a message: `pg_basebackup`, `rm -rf "$PGDATA"`,
 * `recovery.conf`. `decides-role`: the file makes a standby of the server, or a recovery. `unlocks`: `postmaster.pid` is taken away.
 */
export interface DataDecider {
  readonly does: 'fills' | 'removes' | 'configures' | 'decides-role' | 'unlocks';
  readonly how: string;
}

/** Stands for PGDATA of a container that does not say it: of the same image it is the server's. */
const pgdata = '/PGDATA';

/**
 * What the command line of a container (or of a hook in it) does to the data directory. `container`: whose mounts and variables count.
 * A program in a file is not read, and what only a variable tells counts as elsewhere.
 */
export function dataDeciders(
  words: readonly string[],
  container: JsonObject,
  { object }: PostgresWorkload,
  server: ServerContainer,
): readonly DataDecider[] {
  // Nearly every command line has none of these in it.
  if (!words.some((word) => suspects.test(word))) return [];
  const environment = readEnvironment(container);
  const { programs, files } = startedPrograms(
    words.map((text, argument) => ({ text, argument })),
    (name) => {
      const entry = environment.get(name);
      if (entry?.kind === 'value') return entry.value;
      return name === 'PGDATA' ? pgdata : undefined;
    },
  );
  const spec = objectAt(object, 'spec');
  const mounts = readMounts(container, objectAt(objectAt(spec, 'template'), 'spec'), spec);
  const place = new Place(mounts, server, container === server.container);
  let folder = '/';
  const written = files.flatMap(({ path }) => configuring(place.configuredBy([path])));
  const done = programs.flatMap(({ words: own }): readonly DataDecider[] => {
    const [program = '', ...rest] = own.map(({ text }) => text);
    const name = programName(program);
    const paths = rest.filter((word) => !word.startsWith('-')).map((word) => absolute(word, folder));
    if (name === 'cd') folder = paths[0] ?? '/';
    if (name === 'rm' && paths.some((path) => place.isEmptiedBy(path, rest)))
      return [{ does: 'removes', how: shown(own) }];
    if (removing.includes(name) && paths.some((path) => place.isUnlockedBy(path)))
      return [{ does: 'unlocks', how: shown(own) }];
    if (
      name === 'find' &&
      rest.some((word) => isLockFile(word)) &&
      (rest.includes('-delete') || rest.includes('-exec'))
    )
      return [{ does: 'unlocks', how: shown(own) }];
    if (name === 'find' && deletes(rest) && place.isEmptiedBy(paths[0] ?? '', ['-r']))
      return [{ does: 'removes', how: shown(own) }];
    const configured = configuring(editing.includes(name) ? place.configuredBy(paths) : []);
    if (configured.length > 0) return configured;
    const tool = fillers.find(
      ({ names, verb }) => names.includes(name) && (verb === undefined || rest.some((word) => verb.test(word))),
    );
    if (tool === undefined || !place.mayHold(targetOf(rest), folder)) return [];
    return [
      {
        does: 'fills',
        how: tool.verb === undefined ? name : `${name} ${rest.find((word) => tool.verb?.test(word)) ?? ''}`,
      },
    ];
  });
  return [...done, ...written];
}

function configuring(files: readonly string[]): readonly DataDecider[] {
  if (files.length === 0) return [];
  const role = files.find((file) => roleFiles.includes(file));
  return [{ does: role === undefined ? 'configures' : 'decides-role', how: role ?? files.join(', ') }];
}

const editing = ['cp', 'mv', 'ln', 'install', 'tee', 'touch', 'rsync', 'sed'];
const removing = ['rm', 'unlink', 'mv'];
const roleFiles = ['recovery.conf', 'standby.signal', 'recovery.signal'];
const configurationFiles = [...roleFiles, 'postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf'];

const suspects =
  /\.conf\b|\.signal\b|\brm\b|\bfind\b|postmaster\.|\.pid\b|basebackup|pg_rewind|wal-[ge]\b|pgbackrest|barman|pghoard/;

const fillers: readonly { readonly names: readonly string[]; readonly verb?: RegExp }[] = [
  { names: ['pg_basebackup', 'pg_rewind', 'barman-cloud-restore', 'pghoard_restore'] },
  { names: ['wal-g', 'wal-e'], verb: /^backup-fetch$/ },
  { names: ['pgbackrest'], verb: /^restore$/ },
  { names: ['barman'], verb: /^(recover|restore)$/ },
];

class Place {
  readonly #mounts: readonly Mount[];
  readonly #volume: string | undefined;
  readonly #data: string;
  readonly #named: readonly string[];

  /** `isServer`: in the server's own container `config_file` and the like say where else configuration is. */
  constructor(mounts: readonly Mount[], { data, parameters }: ServerContainer, isServer: boolean) {
    this.#mounts = mounts;
    this.#named = isServer
      ? ['config_file', 'hba_file', 'ident_file'].flatMap((name) => parameters.get(name)?.value ?? [])
      : [];
    this.#volume = data.mount?.name;
    this.#data = data.mount === undefined ? data.path : placeOn(data.mount, data.path);
  }

  /** Whether `rm` or `find` leaves nothing there of what a server cannot be without. */
  isEmptiedBy(path: string, options: readonly string[]): boolean {
    const all = /^(.*)\/(\*|\.\*|\.\?\?\*|\.\.\?\*|\.\[!\.\]\*|\.\[\^\.\]\*|\{\*,\.\*\}|\{\.,\}\*)$/.exec(path);
    const isRecursive = options.some((option) => /^(-[a-zA-Z]*[rR]|--recursive)/.test(option));
    const target = this.#within(normalisePath(all?.[1] ?? path));
    if (target === undefined || (all === null && !isRecursive)) return false;
    const isAbove = isRecursive ? isWithin(this.#data, target) : target === this.#data;
    return isAbove || vital.some((part) => isWithin(target, `${this.#data === '/' ? '' : this.#data}/${part}`));
  }

  /** Nobody else has a file of that name; a pattern such as `*.pid` counts where the data is. */
  isUnlockedBy(path: string): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name === lockFile) return true;
    const folder = this.#within(normalisePath(path.slice(0, path.lastIndexOf('/'))));
    return isLockFile(name) && folder === this.#data;
  }

  /** The files of PostgreSQL's configuration that land in PGDATA itself, or where the server is told to look. The last path is where to. */
  configuredBy(paths: readonly string[]): readonly string[] {
    const target = paths.at(-1) ?? '/';
    if (this.#named.includes(target)) return [programName(target)];
    const isFolder = this.#within(normalisePath(target)) === this.#data;
    const isFile = this.#within(normalisePath(target.replace(/\/[^/]*$/, ''))) === this.#data;
    if (!isFolder && !isFile) return [];
    const names = (isFolder ? paths.slice(0, -1) : [target]).map((path) => programName(path));
    return [...new Set(names)].filter((name) => configurationFiles.includes(name)).toSorted();
  }

  mayHold(path: string | undefined, folder: string): boolean {
    if (path === undefined) return true;
    const place = this.#within(absolute(path, folder));
    return place !== undefined && (isWithin(place, this.#data) || isWithin(this.#data, place));
  }

  /** Where on the volume of the data a path of the container is; undefined: elsewhere. */
  #within(path: string): string | undefined {
    if (path === pgdata || path.startsWith(`${pgdata}/`)) {
      return normalisePath(`${this.#data}/${path.slice(pgdata.length)}`);
    }
    const mount = coveringMount(this.#mounts, path);
    if (this.#volume === undefined) return mount === undefined ? path : undefined;
    return mount?.name === this.#volume ? placeOn(mount, path) : undefined;
  }
}

const lockFile = 'postmaster.pid';

/** The file by its name or by a pattern of it, and not by one that takes all there is. */
function isLockFile(pattern: string): boolean {
  if (!/^[\w.*?-]{1,40}$/.test(pattern) || /^[*.?]*$/.test(pattern)) return false;
  const parts = pattern
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replaceAll('.', '[.]')));
  return new RegExp(`^${parts.join('')}$`).test(lockFile);
}

/** Without these a directory is no database. */
const vital = ['base', 'global', 'pg_wal', 'pg_xlog', 'pg_xact', 'pg_clog', 'pg_tblspc', 'pg_multixact', 'PG_VERSION'];

function placeOn(mount: Mount, path: string): string {
  return normalisePath(`/${mount.subPath ?? ''}/${path.slice(mount.mountPath.length)}`);
}

function absolute(path: string, folder: string): string {
  // A `*` at the end must survive: it is looked at afterwards.
  return path.startsWith('/') ? path : `${folder}/${path.replace(/^\.\//, '')}`;
}

/** `find … -delete`, `find … -exec rm`: of everything, not of what a test picks. */
function deletes(words: readonly string[]): boolean {
  const picks = words.some(
    (word, index) =>
      /^-i?(name|path|regex)$|^-(mtime|mmin|newer|size|ctime|empty)$/.test(word) &&
      !/^(!|-not)$/.test(words[index - 1] ?? ''),
  );
  return !picks && (words.includes('-delete') || (words.includes('-exec') && words.includes('rm')));
}

/** `-D DIR`, `--pgdata=DIR`, `--target-pgdata=DIR`; undefined: not said here. */
function targetOf(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(-D|--pgdata|--target-pgdata)$/.test(word));
  if (at >= 0) return words[at + 1];
  return words
    .map((word) => /^(?:-D|--pgdata=|--target-pgdata=)(.+)$/.exec(word)?.[1])
    .find((found) => found !== undefined);
}

function shown(words: readonly { readonly text: string }[]): string {
  return words
    .map(({ text }) => (text.startsWith(pgdata) ? `$PGDATA${text.slice(pgdata.length)}` : text))
    .join(' ')
    .slice(0, 80);
}

/** `command` and `args` of a container, or the command of a hook. */
export function commandLine(holder: JsonObject): readonly string[] {
  return [...textsAt(holder, 'command'), ...textsAt(holder, 'args')];
}
