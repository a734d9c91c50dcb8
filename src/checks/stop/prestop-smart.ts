import { objectAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { execCommands, runsProgram } from '../start/handler-commands.ts';

/**
 * Fields: lifecycle.preStop.exec.command of the Postgres container.
 * Allowed: any hook but one that asks for a smart shutdown: `pg_ctl stop -m smart`, or SIGTERM to the postmaster (PostgreSQL manual
 * 18.5). pg_ctl's own default is fast.
 */
export const prestopSmart: Check = {
  id: 'prestop-smart',
  severity: 'warn',
  summary: 'Your preStop hook stops Postgres in the way that waits for all clients.',
  because:
    'Pooled sessions never leave: new ones are refused while the hook waits, its time runs out before the last commits are in the backup, and the server is killed.',
  instead: 'No stop in the hook: pgusher stops the server after it. Elsewhere `pg_ctl stop -m fast`.',
  examine({ server }) {
    if (server?.preStop.kind !== 'exec') return noObservations;
    const hook = objectAt(objectAt(server.container, 'lifecycle'), 'preStop');
    const how = execCommands(hook)
      .map(smartStop)
      .find((found) => found !== undefined);
    if (how === undefined) return noObservations;
    return [
      {
        field: containerField(server.name, 'lifecycle.preStop.exec.command'),
        message: `the preStop hook runs ${how}, which waits for all clients; wanted a fast stop. Remove it, or write pg_ctl stop -m fast.`,
      },
    ];
  },
};

function smartStop(command: readonly string[]): string | undefined {
  const text = command.slice(1).join(' ');
  if (runsProgram(command, ['pg_ctl']) && /(?:^|\s)stop(?=\s|$)/.test(text))
    return /(?:^|\s)(?:-m\s*|--mode(?:=|\s+))s(?:mart)?(?=\s|$)/.test(text) ? 'pg_ctl stop -m smart' : undefined;
  const isTerm = /^(?:-s\s*)?-?(?:SIG)?TERM\s/.test(text) || /^-15\s/.test(text) || /^[1$"]/.test(text);
  const isPostmaster = /(?:^|\s)1$/.test(text) || text.includes('postmaster.pid');
  return runsProgram(command, ['kill']) && isTerm && isPostmaster ? 'kill -TERM' : undefined;
}
