import { objectAt, textsAt } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField } from '../field-path.ts';
import { listed } from '../shown-text.ts';

/**
 * Fields: securityContext.privileged and .capabilities.add of the Postgres container.
 * Allowed: root itself, which the stock image starts as and steps down from; capabilities that do not reach the node.
 */
export const runAsRoot: Check = {
  id: 'run-as-root',
  severity: 'deny',
  summary: 'The container of Postgres has power over its node.',
  because:
    'A superuser of the database runs programs (COPY … TO PROGRAM), and with these rights they reach the disks of the node: the data of every other pod, and its backups.',
  instead:
    'No privileged and none of these capabilities. What needs them once, such as sysctl, goes into an init container.',
  coversLeftAlone: true,
  examine({ server }) {
    if (server === undefined) return noObservations;
    return server.security.privileged ? [privileged(server)] : powerful(server);
  },
};

function privileged({ name }: ServerContainer): Observation {
  return {
    field: containerField(name, 'securityContext.privileged'),
    message: 'the container of Postgres is privileged; wanted no power over the node. Remove it.',
  };
}

/** As good as privileged (capabilities(7)). */
const reachingTheNode = ['ALL', 'SYS_ADMIN', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_PTRACE', 'DAC_READ_SEARCH', 'BPF'];

function powerful({ name, security }: ServerContainer): readonly Observation[] {
  const added = textsAt(objectAt(security.container, 'capabilities'), 'add').filter((capability) =>
    reachingTheNode.includes(capability.replace(/^CAP_/, '')),
  );
  if (added.length === 0) return noObservations;
  return [
    {
      field: containerField(name, 'securityContext.capabilities.add'),
      severity: 'warn',
      message: `the container of Postgres has ${listed(added)}; wanted no power over the node. Remove it.`,
    },
  ];
}
