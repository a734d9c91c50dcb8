import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { printable } from '../shown-text.ts';
import { dataDeciders } from './data-deciders.ts';
import { ownCommands } from './own-commands.ts';
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
    const observations = ownCommands(workload, server, ['initContainers', 'containers'])
      .filter(({ container }) => container === server.container || mountsData(workload, container))
      .flatMap(({ words, container, field }) => {
        const removed = dataDeciders(words, container, workload, server).find(({ does }) => does === 'unlocks');
        return removed === undefined
          ? []
          : [
              {
                field,
                message: `${printable(removed.how)} takes away the lock of the data directory; wanted it left to the server. Remove that command: an old file is told from one in use.`,
              },
            ];
      });
    return observations.length === 0 ? noObservations : observations;
  },
};

function isOfOnePod({ data }: ServerContainer): boolean {
  const source = data.mount?.source;
  return source?.kind === 'claim-template' && source.accessModes.join() === 'ReadWriteOncePod';
}
