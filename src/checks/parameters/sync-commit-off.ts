import type { Check } from '../check.ts';
import { unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: synchronous_commit in command and args of the Postgres container, and in postgres.io/parameters;
 * postgres.io/backup-synchronous, postgres.io/synchronous.
 * Allowed: everything but off (PostgreSQL manual, section 19.5.1); with backup-synchronous or synchronous neither local.
 */
export const syncCommitOff: Check = {
  id: 'sync-commit-off',
  severity: 'warn',
  summary: 'Commits return before they are on disk (synchronous_commit = off).',
  because:
    'A crash loses the commits of the last moments, though clients were told that they are done. Nothing is corrupted.',
  instead:
    'No synchronous_commit setting for the server; `SET synchronous_commit = off` in the sessions that can bear it.',
  examine(workload, { facts }) {
    const { backupSynchronous, synchronous } = workload.settings.values;
    if (backupSynchronous || synchronous > 0) {
      const wanted = backupSynchronous
        ? 'on, since postgres.io/backup-synchronous has each commit wait for the backup'
        : 'on, since postgres.io/synchronous has each commit wait for standbys';
      const observations = unsafeParameter(workload, 'synchronous_commit', waitsForNobody, wanted, facts);
      return observations.map((observation) => ({ ...observation, severity: 'deny' }));
    }
    return unsafeParameter(
      workload,
      'synchronous_commit',
      isOff,
      'on, and off only in sessions that can lose a commit',
      facts,
    );
  },
};

/** An enumeration, not a boolean: its words are not shortened, and another one does not start (guc_tables.c). */
function isOff(value: string): boolean {
  return ['off', 'false', 'no', '0'].includes(value.trim().toLowerCase());
}

function waitsForNobody(value: string): boolean {
  return isOff(value) || value.trim().toLowerCase() === 'local';
}
