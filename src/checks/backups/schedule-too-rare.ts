import { isRarerThanWeekly } from '../../workload/schedule-syntax.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/backup-schedule.
 * Allowed: a base backup within any seven days. What cannot be read is `schedule-invalid`.
 */
export const scheduleTooRare: Check = {
  id: 'schedule-too-rare',
  severity: 'warn',
  summary: 'More than a week passes between two base backups.',
  because:
    'A restore replays all WAL since the base backup, in one process: after a month of writing that takes hours or days, and one damaged segment in it loses everything after.',
  instead: 'Daily, or weekly at least.',
  examine({ settings }) {
    const { backup, backupSchedule } = settings.values;
    if (!backup || backupSchedule === undefined || !isRarerThanWeekly(backupSchedule)) return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-schedule'),
        message: `schedule ${quoted(backupSchedule)} leaves more than a week without a base backup; wanted one a week. Write "30 2 * * *".`,
      },
    ];
  },
};
