import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField } from '../field-path.ts';
import type { ContainerList } from '../field-path.ts';
import { printable } from '../shown-text.ts';
import { commandLine, dataDeciders } from './data-deciders.ts';
import { mountsData } from './restartpolicy-init-job.ts';

/**
 * Fields: command and args of all containers and init containers that mount the volume under PGDATA, lifecycle.postStart and preStop of the
 * Postgres container; accessModes of that volume's claim template.
 * Allowed: to leave postmaster.pid alone. A claim that is ReadWriteOncePod has one pod by itself.
 */
export const lockFileRemoved: Check = {
  id: 'lock-file-removed',
  severity: 'deny',
  summary: 'postmaster.pid is removed before the server looks at it.',
  because:
    'That file is what keeps a second server off the data directory. A ReadWriteOnce claim lets two pods of one node write, and after a forced deletion the old one still runs: both servers then write the same files. A server whose file is gone stops at once, without a checkpoint.',
  instead: 'Nothing: the server tells by itself that the file of one that was killed is old, also in a container.',
  examine(workload) {
    const { server } = workload;
    if (server === undefined || isOfOnePod(server)) return noObservations;
    const observations: Observation[] = [];
    const look = (holder: JsonObject, container: JsonObject, field: string): void => {
      const removed = dataDeciders(commandLine(holder), container, workload, server).find(
        ({ does }) => does === 'unlocks',
      );
      if (removed !== undefined) {
        observations.push({
          field,
          message: `${printable(removed.how)} takes away the lock of the data directory; wanted it left to the server. Remove that command: an old file is told from one in use.`,
        });
      }
    };
    for (const { container, field } of ownCommands(workload, server)) look(container, container, field);
    const lifecycle = objectAt(server.container, 'lifecycle');
    for (const hook of ['postStart', 'preStop'] as const) {
      if (lifecycle[hook] === undefined) continue;
      const field = containerField(server.name, `lifecycle.${hook}.exec.command`);
      look(objectAt(objectAt(lifecycle, hook), 'exec'), server.container, field);
    }
    return observations.length === 0 ? noObservations : observations;
  },
};

function isOfOnePod({ data }: ServerContainer): boolean {
  const source = data.mount?.source;
  return source?.kind === 'claim-template' && source.accessModes.join() === 'ReadWriteOncePod';
}

/** Most containers have neither, and this is asked for each request. */
function ownCommands(
  workload: PostgresWorkload,
  server: ServerContainer,
): readonly { readonly container: JsonObject; readonly field: string }[] {
  return (['initContainers', 'containers'] as const).flatMap((list: ContainerList) =>
    objectsAt(workload.podSpec, list)
      .filter((container) => container['command'] !== undefined || container['args'] !== undefined)
      .filter((container) => container === server.container || mountsData(workload, container))
      .map((container) => ({ container, field: containerField(textAt(container, 'name') ?? '', 'command', list) })),
  );
}
