import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { countParameter, defaultSharedBuffers, memoryParameter, shownMemory } from './parameter-value.ts';

/** PostgreSQL's defaults. */
const defaultWorkMemory = 4 * 2 ** 20;
const defaultConnections = 100;

/** Not all sessions sort at once: half of them may. */
const share = 0.5;

/**
 * Fields: max_connections, work_mem and shared_buffers against resources.limits.memory of the Postgres container and of its pod.
 * Allowed: what fits when each second session uses its work_mem once. Only where the object says max_connections or work_mem.
 */
export const connectionsVsMemory: Check = {
  id: 'connections-vs-memory',
  severity: 'warn',
  summary: 'More sessions may sort at once than the memory limit bears.',
  because:
    'On a busy day the kernel kills a session, and the server restarts all of them with a crash recovery; what was not committed is gone, and the load comes back at once.',
  instead: 'Fewer connections and a pooler, a smaller work_mem, or a higher limit.',
  examine({ server }) {
    const limit = server?.resources.memoryLimit;
    const parameter = server?.parameters.get('max_connections') ?? server?.parameters.get('work_mem');
    if (server === undefined || limit === undefined || parameter === undefined) return noObservations;
    const connections = countParameter(server, 'max_connections') ?? defaultConnections;
    const workMemory = memoryParameter(server, 'work_mem')?.bytes ?? defaultWorkMemory;
    const buffers = memoryParameter(server, 'shared_buffers')?.bytes ?? defaultSharedBuffers;
    // Buffers alone are another check's.
    if (buffers >= limit || buffers + share * connections * workMemory <= limit) return noObservations;
    return [
      {
        field: parameterField(server, parameter),
        message: `${connections} connections with ${shownMemory(workMemory)} of work_mem pass the limit of ${shownMemory(limit)}; wanted less. Lower one of them, or raise the limit.`,
      },
    ];
  },
};
