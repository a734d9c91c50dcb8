import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { execCommands, runsProgram } from './handler-commands.ts';

/**
 * Fields: livenessProbe.exec.command of the Postgres container.
 * Allowed: pg_isready, which takes no session, and any other program. A readiness probe may ask by SQL: it kills nothing.
 */
export const livenessSql: Check = {
  id: 'liveness-sql',
  severity: 'warn',
  summary: 'The liveness probe logs in and runs a query.',
  because:
    'When all connections are taken, a lock is held or the password was changed, the query fails and a healthy server is killed: crash recovery, and all of its clients come back at once.',
  instead: 'pg_isready with a timeout of 5 seconds; or no liveness probe: a postmaster that dies ends the container.',
  examine({ server }) {
    const probe = server?.probes.liveness;
    if (server === undefined || probe === undefined) return noObservations;
    if (!execCommands(probe).some((command) => runsProgram(command, ['psql']))) return noObservations;
    return [
      {
        field: containerField(server.name, 'livenessProbe.exec.command'),
        message: `the liveness probe runs psql; wanted pg_isready. Write command: [pg_isready, -h, 127.0.0.1, -p, "${server.port}"].`,
      },
    ];
  },
};
