import { objectAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { execCommands, programName, runsProgram } from './handler-commands.ts';

/** Clients that log in. */
const clients = ['psql', 'createdb', 'createuser', 'dropdb', 'pg_restore', 'vacuumdb', 'reindexdb'];

/**
 * Fields: lifecycle.postStart.exec.command of the Postgres container.
 * Allowed: hooks that do not log in. Kubernetes runs postStart beside the start of the server, and kills the container where the
 * hook fails ("Container Lifecycle Hooks").
 */
export const poststartPsql: Check = {
  id: 'poststart-psql',
  severity: 'warn',
  summary: 'A postStart hook talks to the server.',
  because:
    'It races the start: on a quick day the server is there, and while it recovers the hook fails and the container is killed, again and again. It runs on standbys and after each restore, too.',
  instead: 'A script in /docker-entrypoint-initdb.d for what is done once; a Job for the rest.',
  examine({ server }) {
    if (server === undefined) return noObservations;
    const hook = objectAt(objectAt(server.container, 'lifecycle'), 'postStart');
    const command = execCommands(hook).find((words) => runsProgram(words, clients));
    if (command === undefined) return noObservations;
    const client = clients.find((name) => runsProgram(command, [name])) ?? programName(command[0] ?? '');
    return [
      {
        field: containerField(server.name, 'lifecycle.postStart.exec.command'),
        message: `the postStart hook runs ${client}, and the server may not be up; wanted no SQL there. Use /docker-entrypoint-initdb.d, or a Job.`,
      },
    ];
  },
};
