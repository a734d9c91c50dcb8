import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: command and args of the Postgres container.
 * Allowed: the image's entrypoint, `postgres` itself, or a shell that ends in `exec`.
 */
export const shellWrapperPid1: Check = {
  id: 'shell-wrapper-pid1',
  severity: 'deny',
  summary: 'A shell stays in front of Postgres as process 1.',
  because:
    'The stop signal reaches the shell and not the server, so each stop ends in SIGKILL. When the shell dies first, the container is started anew beside a server that is being killed.',
  instead: '`exec` in front of the server in the script, or no command at all.',
  examine({ server }) {
    if (server?.start.kind !== 'shell' || server.start.execs || !server.start.startsServer) return noObservations;
    return [
      {
        field: containerField(server.name, server.command.length > 0 ? 'command' : 'args'),
        message: `the shell script ${quoted(server.start.script)} does not exec the server; wanted exec, so that signals arrive. Make it the last command, with exec before it; what waits for it goes in front, with & behind it.`,
      },
    ];
  },
};
