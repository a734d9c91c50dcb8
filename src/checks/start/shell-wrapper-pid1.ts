import type { ServerContainer, StartForm } from '../../workload/postgres-workload.ts';
import type { Waiting } from '../../workload/launched-program.ts';
import { isReplaced } from '../../workload/server-start.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: command and args of the Postgres container.
 * Allowed: the image's entrypoint, `postgres` itself, or a shell that is gone when the server runs: by `exec`, or since the server is the last
 * command of its `-c`, where the shell is one that leaves then. Of bash (5.2) and busybox ash that is known, of dash (0.5.12) that it stays.
 */
export const shellWrapperPid1: Check = {
  id: 'shell-wrapper-pid1',
  severity: 'deny',
  summary: 'A shell stays in front of Postgres as process 1.',
  because:
    'The stop signal reaches the shell and not the server, so each stop ends in SIGKILL. When the shell dies first, the container is started anew beside a server that is being killed. `su` and `runuser` of Debian hand SIGINT and SIGTERM on as SIGTERM, and send SIGKILL two seconds later.',
  instead: '`exec` in front of the server in the script, or no command at all; `gosu` in place of `su` and `runuser`.',
  examine({ server }) {
    if (server === undefined) return noObservations;
    const { start } = server;
    if (start.kind === 'direct')
      return start.waiting === undefined ? noObservations : inFront(server, start.waiting, start);
    if (start.kind !== 'shell' || !start.startsServer) return noObservations;
    return start.waiting === undefined ? stays(server, start) : inFront(server, start.waiting, start);
  },
};

type Shell = Extract<StartForm, { kind: 'shell' }>;

function stays(server: ServerContainer, start: Shell): readonly Observation[] {
  const is = isReplaced(start, server.family.sh);
  if (is === true) return noObservations;
  const field = fieldOf(server);
  if (is === undefined) {
    return [
      {
        field,
        message:
          'whether sh of this image gives way to a server without exec is not known; wanted exec, so that signals arrive. Write exec before the server, as the last command.',
        severity: 'warn',
      },
    ];
  }
  return [
    {
      field,
      message: `the shell script ${quoted(start.script)} does not exec the server; wanted exec, so that signals arrive. Make it the last command, with exec before it; what waits for it goes in front, with & behind it.`,
    },
  ];
}

/** Also behind `exec`: it is `su` then that stays. */
function inFront(server: ServerContainer, waiting: Waiting, start: StartForm): readonly Observation[] {
  const sh = server.family.sh;
  // busybox's su is no more than a shell of another user.
  if (waiting === 'su' && sh === 'ash') return start.kind === 'shell' ? stays(server, start) : noObservations;
  const isGuess = waiting === 'su' && sh === undefined;
  return [
    {
      field: fieldOf(server),
      message: `${waiting} stays in front of the server${isGuess ? ", unless it is busybox's," : ''} and kills it two seconds after a stop began; wanted the server as process 1. Write gosu postgres (su-exec on Alpine), or no command and runAsUser.`,
      ...(isGuess ? { severity: 'warn' as const } : {}),
    },
  ];
}

function fieldOf(server: ServerContainer): string {
  return containerField(server.name, server.command.length > 0 ? 'command' : 'args');
}
