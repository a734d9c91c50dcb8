import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { memoryParameter, shownMemory } from '../parameters/parameter-value.ts';

/** What a volume of the large clouds writes in a second where nobody pays for more (gp3: 125 MB). */
const bytesPerSecond = 125 * 10 ** 6;

/** Kubernetes' own default. */
const defaultGrace = 30;

/**
 * Fields: shared_buffers in command and args of the Postgres container and in postgres.io/parameters;
 * terminationGracePeriodSeconds, postgres.io/stop-grace. The pod gets the greater one.
 * Allowed: as much time as it takes to write all of shared_buffers, which is the most that a shutdown checkpoint has to do.
 */
export const graceVsCheckpoint: Check = {
  id: 'grace-vs-checkpoint',
  severity: 'warn',
  summary: 'The shutdown checkpoint of so many buffers may take longer than the pod has.',
  because: 'SIGKILL in the middle of it means crash recovery at the next start, which takes as long again.',
  instead: '`postgres.io/stop-grace` that is long enough; it is a limit, a stop takes no longer than it must.',
  examine({ server, graceSeconds, settings }) {
    const buffers = server === undefined ? undefined : memoryParameter(server, 'shared_buffers')?.bytes;
    if (buffers === undefined) return noObservations;
    const grace = Math.max(graceSeconds ?? defaultGrace, settings.values.stopGrace);
    const needed = Math.ceil(buffers / bytesPerSecond);
    if (needed <= grace) return noObservations;
    return [
      {
        field: annotationField('postgres.io/stop-grace'),
        message: `${shownMemory(buffers)} of shared_buffers take ${needed} s to write at 125 MB/s, of ${grace} s; wanted more. Write postgres.io/stop-grace: "${Math.ceil(needed / 60) * 60}".`,
      },
    ];
  },
};
