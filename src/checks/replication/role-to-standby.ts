import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';

/**
 * Fields: postgres.io/role before and after.
 * Allowed: on UPDATE, a standby that becomes a primary, which re-initialises nothing; the same role. A set that nobody has written to
 * cannot be told from here.
 */
export const roleToStandby: Check = {
  id: 'role-to-standby',
  severity: 'deny',
  summary: 'A primary with data becomes the standby of another server.',
  because:
    'What it has and the other has not is lost: a standby follows the other from a point that both know, and one of another lineage never follows at all. Until then nobody answers here.',
  instead:
    'A new set with role standby, which copies the primary. Where this one was the standby of that one before, and was stopped cleanly: the escape with the reason.',
  examineChange({ before, after }) {
    if (before.settings.values.role === 'standby' || after.settings.values.role !== 'standby') return noObservations;
    return [
      {
        field: annotationField('postgres.io/role'),
        message:
          'postgres.io/role becomes "standby", and the data here is a primary\'s; wanted it to stay one. Put the role back, and create a new set as standby.',
      },
    ];
  },
};
