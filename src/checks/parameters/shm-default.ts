import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { mountField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

const directory = '/dev/shm';

/** What container runtimes give by themselves. */
const runtimeSize = 64 * 2 ** 20;

/**
 * Fields: volumeMounts of the Postgres container at and below /dev/shm, sizeLimit of the emptyDir behind.
 * Allowed: no mount there, and pgusher adds one; or one of more than 64 MiB.
 */
export const shmDefault: Check = {
  id: 'shm-default',
  severity: 'warn',
  summary: 'Your own mount leaves shared memory as small as the runtime gives it.',
  because:
    'Parallel queries, index builds and vacuums fail with "could not resize shared memory segment" at 64 MiB, and a restore that ends in such an index build fails with them.',
  instead: 'No mount below /dev/shm; or an emptyDir with medium: Memory and a larger sizeLimit.',
  examine({ server, podSpec }) {
    const mount =
      server?.mounts.find(({ mountPath }) => mountPath === directory) ??
      server?.mounts.find(({ mountPath }) => mountPath.startsWith(`${directory}/`));
    if (server === undefined || mount === undefined) return noObservations;
    const volume = objectsAt(podSpec, 'volumes').find((candidate) => textAt(candidate, 'name') === mount.name);
    const limit = textAt(objectAt(volume, 'emptyDir'), 'sizeLimit') ?? '';
    const isAtRoot = mount.mountPath === directory;
    if (isAtRoot && (parseQuantity(limit) ?? Infinity) > runtimeSize) return noObservations;
    return [
      {
        field: mountField(server, mount),
        message: `your mount leaves /dev/shm at ${isAtRoot ? quoted(limit) : '64Mi'}; wanted more for parallel queries. Raise sizeLimit, or remove the mount: pgusher adds one.`,
      },
    ];
  },
};
