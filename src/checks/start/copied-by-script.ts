import { objectsAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { commandLine, dataDeciders } from './data-deciders.ts';
import { fillingTool, mountsData } from './restartpolicy-init-job.ts';

/**
 * A script of the object copies another server into the data directory, or makes a standby of it: who leads is the script's word, and
 * checks of its own say what to write in its place (`second-decider`, `restartpolicy-init-job`, `archive-args-conflict`).
 */
export function isCopiedByScript(workload: PostgresWorkload): boolean {
  const { server, podSpec } = workload;
  if (server === undefined) return false;
  if (server.parameters.has('primary_conninfo')) return true;
  const copies = (how: string): boolean => /^pg_(?:basebackup|rewind)$/.test(how);
  return (
    objectsAt(podSpec, 'initContainers').some(
      (container) => mountsData(workload, container) && copies(fillingTool(commandLine(container)) ?? ''),
    ) ||
    ['initContainers', 'containers'].some((list) =>
      objectsAt(podSpec, list).some((container) =>
        dataDeciders(commandLine(container), container, workload, server).some(
          ({ does, how }) => does === 'decides-role' || copies(how),
        ),
      ),
    )
  );
}
