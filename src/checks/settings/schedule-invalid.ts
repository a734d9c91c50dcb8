import type { Check } from '../check.ts';
import { settingProblems } from './setting-problem.ts';

/**
 * Fields: postgres.io/backup-schedule, postgres.io/backup-time-zone, postgres.io/backup-drill.
 * Allowed: five fields of cron that come due at some time, a time zone of the IANA database.
 */
export const scheduleInvalid: Check = {
  id: 'schedule-invalid',
  severity: 'deny',
  summary: 'The schedule of base backups, or of restore drills, cannot be read.',
  because: 'There would be no base backups but the first, and a restore would replay the WAL of months.',
  instead: 'A cron expression such as `30 2 * * *`, and a time zone such as Europe/Berlin.',
  noEscape: 'what was meant is not known.',
  coversLeftAlone: true,
  examine(workload) {
    return settingProblems(workload, 'schedule-invalid');
  },
};
