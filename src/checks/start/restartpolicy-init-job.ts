import { objectsAt, textAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: command and args of spec.template.spec.initContainers that mount the volume under PGDATA.
 * Allowed: whatever does not fill the data directory.
 */
export const restartpolicyInitJob: Check = {
  id: 'restartpolicy-init-job',
  severity: 'deny',
  summary: 'An init container of yours restores or initialises the database.',
  because:
    'Two deciders about one data directory: yours runs first, and what it leaves behind when it fails half-way, or what it initialises because its store was not reachable, looks like the database to everything after it.',
  instead: 'No such init container: restoring before the first start is what is injected.',
  examine(workload) {
    const initContainers = objectsAt(workload.podSpec, 'initContainers');
    if (initContainers.length === 0) return noObservations;
    return initContainers.filter((container) => mountsData(workload, container)).flatMap(observe);
  },
};

function observe(container: JsonObject): readonly Observation[] {
  const words = [...textsAt(container, 'command'), ...textsAt(container, 'args')].join(' ');
  const tool = fillers.find(({ pattern }) => pattern.test(words))?.tool;
  if (tool === undefined) return noObservations;
  const name = textAt(container, 'name') ?? '';
  return [
    {
      field: containerField(name, 'command', 'initContainers'),
      message: `init container ${quoted(name)} runs ${tool} on the data volume; wanted one decider about the data. Remove it: pgusher restores or initialises before the first start.`,
    },
  ];
}

/** Without a data mount nobody knows what is on which volume. */
function mountsData({ server }: PostgresWorkload, container: JsonObject): boolean {
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
  { tool: 'initdb', pattern: program('initdb') },
  { tool: 'pg_ctl initdb', pattern: program('pg_ctl', 'init(?:db)?') },
  { tool: 'docker-ensure-initdb.sh', pattern: program('docker-ensure-initdb\\.sh') },
];
