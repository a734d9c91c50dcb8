import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';

/**
 * Fields: spec.replicas before and after.
 * Allowed: on UPDATE, 1 or more. To stop for a while is fine; it is said what stops with it.
 */
export const scaleToZero: Check = {
  id: 'scale-to-zero',
  severity: 'warn',
  summary: 'The set is scaled to zero.',
  because: 'Nothing answers and nothing is backed up until it is scaled up again. Claims and backups stay.',
  instead: 'replicas: 1, unless a pause is meant.',
  examineChange({ before, after }) {
    if (before.replicas === 0 || after.replicas !== 0) return noObservations;
    return [
      {
        field: 'spec.replicas',
        message: `replicas goes from ${before.replicas} to 0, so nothing runs or is backed up; wanted 1 or more. Claims and backups stay.`,
      },
    ];
  },
};
