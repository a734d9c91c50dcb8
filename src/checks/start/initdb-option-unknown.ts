import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { environmentField } from '../field-path.ts';

/** The first major whose initdb has the option; the rest are older than anything that is run (PostgreSQL manual, initdb(1) of each major). */
const since: ReadonlyMap<string, number> = new Map([
  ['allow-group-access', 11],
  ['wal-segsize', 11],
  ['discard-caches', 14],
  ['no-instructions', 14],
  ['locale-provider', 15],
  ['icu-locale', 15],
  ['icu-rules', 16],
  ['set', 16],
  ['builtin-locale', 17],
  ['sync-method', 17],
  ['no-data-checksums', 18],
  ['no-sync-data-files', 18],
]);

/**
 * Fields: the options in POSTGRES_INITDB_ARGS of the Postgres container, and its major version. On CREATE: initdb runs once.
 * Allowed: options that initdb(1) of that major has.
 */
export const initdbOptionUnknown: Check = {
  id: 'initdb-option-unknown',
  severity: 'deny',
  summary: 'initdb of this major does not have an option that it is given.',
  because: 'initdb says "unrecognized option" and stops: there is no database, and the pod never starts.',
  instead: 'Parameters of the server by args (`-c name=value`), which every major takes; no option that came later.',
  examine({ server }, { operation }) {
    const { major } = server ?? {};
    if (server?.initdb === undefined || major === undefined || operation === 'UPDATE') return noObservations;
    const option = server.initdb.options.find((name) => (since.get(name) ?? 0) > major);
    if (option === undefined) return noObservations;
    const remedy =
      option === 'set' ? 'Remove it, and give the server its parameters by args: [-c, <name>=<value>].' : 'Remove it.';
    return [
      {
        field: environmentField(server.name, 'POSTGRES_INITDB_ARGS'),
        message: `initdb of PostgreSQL ${major} would refuse ${option === 'set' ? '-c, --set' : `--${option}`}, which came with ${since.get(option) ?? ''}; wanted options that it has. ${remedy}`,
      },
    ];
  },
};
