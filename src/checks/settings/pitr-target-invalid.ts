import type { Check } from '../check.ts';
import { settingProblems } from './setting-problem.ts';

/**
 * Fields: postgres.io/restore-target-*, postgres.io/restore-id.
 * Allowed: one target that PostgreSQL can read (manual 19.5.6), a time with its zone, and a restore-id beside it.
 */
export const pitrTargetInvalid: Check = {
  id: 'pitr-target-invalid',
  severity: 'deny',
  summary: 'The point to restore to cannot be read, or is not one point.',
  because:
    'A server with a target that it cannot read does not start; one that is read in another time zone restores to another hour, without an error.',
  instead: 'One of restore-target-time, -lsn, -xid, -name or -immediate, and restore-id.',
  noEscape: 'what was meant is not known.',
  coversLeftAlone: true,
  examine(workload) {
    return settingProblems(workload, 'pitr-target-invalid');
  },
};
