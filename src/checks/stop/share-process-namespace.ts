import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { podSpecField } from '../field-path.ts';

/**
 * Fields: spec.template.spec.shareProcessNamespace.
 * Allowed: false, which is the default.
 */
export const shareProcessNamespace: Check = {
  id: 'share-process-namespace',
  severity: 'warn',
  summary: 'The containers of the pod share their processes.',
  because:
    'After a crash postmaster.pid may name a process of another container that runs as the same user: the server takes it for a running one ("lock file already exists") and does not start.',
  instead: 'No shareProcessNamespace; `kubectl debug` sees the processes of one container without it.',
  examine({ podSpec }) {
    if (podSpec['shareProcessNamespace'] !== true) return noObservations;
    return [
      {
        field: `${podSpecField}.shareProcessNamespace`,
        message: 'shareProcessNamespace is true, so a stale postmaster.pid may match; wanted false. Remove it.',
      },
    ];
  },
};
