import { noObservations } from './check.ts';
import type { Check } from './check.ts';
import { unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: wal_level, max_wal_senders and max_replication_slots in command and args of the Postgres container, and in
 * postgres.io/parameters.
 * Allowed: wal_level replica or logical, the others 1 or more (PostgreSQL manual, 19.5.1 and 19.6.1). The agent receives
 * WAL through a slot, so that the server keeps what it has not got yet.
 */
export const walLevelMinimal: Check = {
  id: 'wal-level-minimal',
  severity: 'deny',
  summary: 'The server writes too little WAL to be backed up, or lets nobody read it.',
  because:
    'With wal_level = minimal or max_wal_senders = 0 there is no base backup, no continuous backup and no standby; with max_replication_slots = 0 no continuous backup and no standby.',
  instead: 'None of these settings: the defaults, replica and 10, are right.',
  examine(workload) {
    if (!workload.settings.values.backup && workload.settings.values.replicationSecret === undefined)
      return noObservations;
    return [
      ...unsafeParameter(workload, 'wal_level', isMinimal, 'replica or logical'),
      ...unsafeParameter(workload, 'max_wal_senders', isZero, '1 or more; 10 is the default'),
      ...unsafeParameter(workload, 'max_replication_slots', isZero, '1 or more; 10 is the default'),
    ];
  },
};

function isMinimal(value: string): boolean {
  return value.trim().toLowerCase() === 'minimal';
}

function isZero(value: string): boolean {
  return Number(value) === 0;
}
