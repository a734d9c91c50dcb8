import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { commandLine, dataDeciders } from './data-deciders.ts';

/**
 * Fields: command and args of the Postgres container.
 * Allowed: the image's entrypoint, `postgres`, and scripts in the object that start one of them. A script in a file, a program that is
 * not known, a script that no shell would take and one that writes configuration first are said, since what they start the server with
 * cannot be judged.
 */
export const startUnknown: Check = {
  id: 'start-unknown',
  severity: 'warn',
  summary: 'It cannot be seen how the command starts Postgres, or that it does.',
  because:
    'What the script does to the data, and with which parameters it starts the server, was not judged: fsync = off in it is found when the data is gone. Parameters cannot be given to it either.',
  instead: "The image's entrypoint with args, and what is done once in /docker-entrypoint-initdb.d.",
  examine(workload) {
    const { server } = workload;
    const seen = server === undefined ? undefined : (unknownStart(server) ?? writtenBefore(server, workload));
    if (server === undefined || seen === undefined) return noObservations;
    return [
      {
        field: containerField(server.name, server.command.length > 0 ? 'command' : 'args'),
        message: `${seen}; wanted the image's entrypoint. Give the server its parameters by args.`,
      },
    ];
  },
};

function unknownStart({ start }: ServerContainer): string | undefined {
  switch (start.kind) {
    case 'entrypoint':
    case 'direct':
      return undefined;
    case 'other':
      return `the command runs ${shortly(start.program)}, which cannot be read here`;
    case 'shell':
      if (start.problem !== undefined)
        return `the script of the command cannot be read (${start.problem.slice(0, 60)})`;
      return start.runs === undefined && start.startsServer
        ? undefined
        : `the script starts ${start.runs === undefined ? 'nothing' : shortly(start.runs)}, and no server that can be seen`;
  }
}

/** `cat > postgresql.conf <<EOF`, `echo … >> pg_hba.conf`: parameters and rules that nobody judged. */
function writtenBefore(server: ServerContainer, workload: PostgresWorkload): string | undefined {
  if (server.start.kind !== 'shell') return undefined;
  const written = dataDeciders(commandLine(server.container), server.container, workload, server).find(
    ({ does }) => does === 'configures',
  );
  return written === undefined ? undefined : `the script writes ${written.how}, which is not judged`;
}

function shortly(program: string): string {
  return quoted(program.length > 40 ? `…${program.slice(-39)}` : program);
}
