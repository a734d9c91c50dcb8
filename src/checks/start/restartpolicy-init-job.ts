import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import { objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';
import { commandLine, dataDeciders } from './data-deciders.ts';
import { insteadOfCopying } from './instead-of-copying.ts';

/**
 * Fields: command and args of spec.template.spec.initContainers that mount the volume under PGDATA.
 * Allowed: whatever neither fills the data directory nor empties it.
 */
export const restartpolicyInitJob: Check = {
  id: 'restartpolicy-init-job',
  severity: 'deny',
  summary: 'An init container of yours restores, initialises or removes the database.',
  because:
    'Two deciders about one data directory: yours runs first, and what it leaves behind when it fails half-way, or what it initialises because its store was not reachable, looks like the database to everything after it.',
  instead: 'No such init container: restoring before the first start is what is injected.',
  examine(workload) {
    const initContainers = objectsAt(workload.podSpec, 'initContainers');
    if (initContainers.length === 0) return noObservations;
    return initContainers
      .filter((container) => mountsData(workload, container))
      .flatMap((container) => observe(container, workload));
  },
};

function observe(container: JsonObject, workload: PostgresWorkload): readonly Observation[] {
  const words = commandLine(container);
  const tool = fillingTool(words) ?? removalIn(words, container, workload);
  const name = textAt(container, 'name') ?? '';
  if (tool === undefined) return configured(words, name, container, workload);
  const instead =
    insteadOfCopying(tool, workload) ?? 'Remove it: pgusher restores or initialises before the first start.';
  return [
    {
      field: containerField(name, 'command', 'initContainers'),
      message: `init container ${quoted(name)} runs ${tool} ${place(words, container, workload)}; wanted one decider about the data. ${instead}`,
    },
  ];
}

/** Where a tool was told to put its copy, where that is written out. */
function targetOf(words: readonly string[]): string | undefined {
  const [, target] = /\s(?:-D\s*|--pgdata[=\s]\s*)["']?(\/[\w./-]+)/.exec(words.join(' ')) ?? [];
  return target === undefined ? undefined : normalisePath(target);
}

/** The program of a command line that fills a data directory. */
export function fillingTool(words: readonly string[]): string | undefined {
  const text = words.join(' ');
  return fillers.find(({ pattern }) => pattern.test(text))?.tool;
}

/** At another path than the server has it, what the tool names may lie elsewhere. */
function place(words: readonly string[], container: JsonObject, workload: PostgresWorkload): string {
  const { server } = workload;
  const data = server?.data.mount;
  const paths = objectsAt(container, 'volumeMounts')
    .filter((mount) => textAt(mount, 'name') === data?.name)
    .map((mount) => normalisePath(textAt(mount, 'mountPath') ?? '/'));
  const [first] = paths;
  const target = targetOf(words);
  const isElsewhere = target !== undefined && paths.length > 0 && !paths.some((path) => isWithin(target, path));
  const isOnIt =
    server === undefined ||
    data === undefined ||
    first === undefined ||
    (!isElsewhere &&
      (paths.includes(data.mountPath) ||
        dataDeciders(words, container, workload, server).some(({ does }) => does === 'fills' || does === 'removes')));
  return isOnIt ? 'on the data volume' : `and has the data volume at ${quoted(first)}`;
}

/** A copy of a configuration file: whether it decides the role, or only what is not judged here. */
function configured(
  words: readonly string[],
  name: string,
  container: JsonObject,
  workload: PostgresWorkload,
): readonly Observation[] {
  const { server } = workload;
  const seen = server === undefined ? [] : dataDeciders(words, container, workload, server);
  const written = seen.find(({ does }) => does === 'decides-role') ?? seen.find(({ does }) => does === 'configures');
  if (written === undefined) return noObservations;
  const field = containerField(name, 'command', 'initContainers');
  if (written.does === 'decides-role') {
    return [
      {
        field,
        message: `init container ${quoted(name)} writes ${written.how} into the data directory; wanted one decider about the role. Remove it: postgres.io/role, primary and restore-from say the same.`,
      },
    ];
  }
  return [
    {
      field,
      severity: 'warn',
      message: `init container ${quoted(name)} writes ${written.how} into the data directory, unseen; wanted it mounted. Mount it, and write args: [-c, ${fileParameter(written.how)}=<path>].`,
    },
  ];
}

/** What tells the server that the file lies elsewhere. */
function fileParameter(file: string): string {
  if (file === 'pg_hba.conf') return 'hba_file';
  return file === 'pg_ident.conf' ? 'ident_file' : 'config_file';
}

/** `rm -rf /data/*`: what the pod had is gone at each start. */
function removalIn(words: readonly string[], container: JsonObject, workload: PostgresWorkload): string | undefined {
  const { server } = workload;
  if (server === undefined) return undefined;
  const removal = dataDeciders(words, container, workload, server).find(({ does }) => does === 'removes');
  return removal === undefined ? undefined : printable(removal.how);
}

/** Without a data mount nobody knows what is on which volume. */
export function mountsData({ server }: PostgresWorkload, container: JsonObject): boolean {
  const data = server?.data.mount;
  return (
    data === undefined || objectsAt(container, 'volumeMounts').some((mount) => textAt(mount, 'name') === data.name)
  );
}

/** A program's name as a word of its own: behind a path or a quote, but not in `/docker-entrypoint-initdb.d`. */
function program(name: string, subcommand = ''): RegExp {
  const rest = subcommand === '' ? '' : `[^;&|]*?\\s${subcommand}`;
  return new RegExp(`(?:^|[\\s/;&|"'(\`])${name}(?=$|[\\s;&|"')\`])${rest}(?=$|[\\s;&|"')\`])`);
}

const fillers: readonly { readonly tool: string; readonly pattern: RegExp }[] = [
  { tool: 'pghoard_restore', pattern: program('pghoard_restore') },
  { tool: 'wal-g backup-fetch', pattern: program('wal-g', 'backup-fetch') },
  { tool: 'wal-e backup-fetch', pattern: program('wal-e', 'backup-fetch') },
  { tool: 'pgbackrest restore', pattern: program('pgbackrest', 'restore') },
  { tool: 'barman-cloud-restore', pattern: program('barman-cloud-restore') },
  { tool: 'barman recover', pattern: program('barman', '(?:recover|restore)') },
  { tool: 'pg_basebackup', pattern: program('pg_basebackup') },
  { tool: 'pg_rewind', pattern: program('pg_rewind') },
  { tool: 'pg_resetwal', pattern: program('pg_reset(?:wal|xlog)') },
  { tool: 'initdb', pattern: program('initdb') },
  { tool: 'pg_ctl initdb', pattern: program('pg_ctl', 'init(?:db)?') },
  { tool: 'docker-ensure-initdb.sh', pattern: program('docker-ensure-initdb\\.sh') },
];
