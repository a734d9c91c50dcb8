import type { JsonObject } from '../workload/json.ts';
import { formatQuantity } from '../workload/quantity.ts';
import type { ServerContainer } from '../workload/postgres-workload.ts';
import type { Injection } from './injection.ts';

const mebibyte = 2 ** 20;

/** What container runtimes give by themselves: less would be a step back. */
const least = 64 * mebibyte;
const most = 1024 * mebibyte;
const withoutLimit = '256Mi';

const directory = '/dev/shm';

/** The mount of it in the server and in the initialisation; undefined where the user has one. */
export function sharedMemoryMount(server: ServerContainer): JsonObject | undefined {
  const theirs = server.mounts.some(
    ({ mountPath }) => mountPath === directory || mountPath.startsWith(`${directory}/`),
  );
  return theirs ? undefined : { name: 'pgusher-shm', mountPath: directory };
}

/**
 * Parallel queries and maintenance fail at the runtime's 64 MiB with "could not resize shared memory segment". What is used
 * counts against the container's memory limit, hence a quarter of it.
 */
export const sharedMemory: Injection = {
  id: 'shared-memory',
  summary: '/dev/shm that parallel queries fit into',

  contribute({ server }) {
    const mount = sharedMemoryMount(server);
    if (mount === undefined) return { skipped: `${directory} is mounted already` };
    const limit = server.resources.memoryLimit;
    const sizeLimit = limit === undefined ? withoutLimit : formatQuantity(clamp(Math.floor(limit / 4), least, most));
    return {
      volumes: [{ name: 'pgusher-shm', emptyDir: { medium: 'Memory', sizeLimit } }],
      server: { volumeMounts: [mount] },
      reason: `${directory} of ${sizeLimit}: parallel queries fail at the 64Mi that a container gets by itself`,
    };
  },
};

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
