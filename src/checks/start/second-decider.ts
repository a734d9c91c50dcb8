import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { printable } from '../shown-text.ts';
import { dataDeciders } from './data-deciders.ts';
import type { DataDecider } from './data-deciders.ts';
import { insteadOfCopying } from './instead-of-copying.ts';
import { ownCommands } from './own-commands.ts';

/**
 * Fields: command and args of all containers, lifecycle.postStart and preStop of the Postgres container; init containers have
 * restartpolicy-init-job.
 * Allowed: pg_basebackup and the like into another folder than PGDATA, and removing what is no part of the database.
 */
export const secondDecider: Check = {
  id: 'second-decider',
  severity: 'deny',
  summary: 'A command or a hook of yours fills the data directory, or empties it.',
  because:
    'Two deciders about one data directory: a restored database is wiped because a host name did not match, or a standby is copied over a primary. What is left half-way looks like the database to everything after it.',
  instead:
    'Neither: restoring before the first start and copying standbys (`postgres.io/replication-secret`) is what is injected.',
  examine(workload) {
    const { server } = workload;
    if (server === undefined) return noObservations;
    const observations = ownCommands(workload, server, ['containers']).flatMap(({ words, container, field }) =>
      told(dataDeciders(words, container, workload, server)).map(({ does, how }) => ({
        field,
        message: `${printable(how)} ${verbs[does]} the data directory; wanted one decider about the data. ${instead(does, how, workload)}`,
      })),
    );
    return observations.length === 0 ? noObservations : observations;
  },
};

/** One of them: a copy before what empties the place for it, since that is what something else has to be written for. */
function told(deciders: readonly DataDecider[]): readonly DataDecider[] {
  const copy = deciders.find(({ how }) => /^pg_(?:basebackup|rewind)$/.test(how));
  const first = copy ?? deciders.find(({ does }) => does !== 'configures' && does !== 'unlocks');
  return first === undefined ? [] : [first];
}

/** Without the file alone the server would be a second, empty primary where a standby was meant. */
function instead(does: DataDecider['does'], how: string, workload: PostgresWorkload): string {
  if (does === 'decides-role') return 'Remove it: postgres.io/role, primary and restore-from say the same.';
  return insteadOfCopying(how, workload) ?? 'Remove it: pgusher restores, initialises and copies standbys.';
}

const verbs: Readonly<Record<DataDecider['does'], string>> = {
  fills: 'fills',
  removes: 'removes',
  configures: 'is written into',
  'decides-role': 'is written into',
  unlocks: 'takes the lock from',
};
