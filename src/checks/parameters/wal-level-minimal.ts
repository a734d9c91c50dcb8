import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: wal_level, max_wal_senders and max_replication_slots in command and args of the Postgres container, and in
 * postgres.io/parameters.
 * Allowed: wal_level replica or logical (PostgreSQL manual, 19.5.1); of the others as many as are used at once (19.6.1). The agent
 * receives WAL by one sender through a slot, so that the server keeps what it has not got yet. A base backup, and the first copy of a
 * standby, is taken by pg_basebackup: two senders, and a slot of its own for as long as it runs. Each standby has one of either.
 */
export const walLevelMinimal: Check = {
  id: 'wal-level-minimal',
  severity: 'deny',
  summary: 'The server writes too little WAL to be backed up, or lets nobody read it.',
  because:
    'With wal_level = minimal there is no base backup, no continuous backup and no standby. With too few senders or slots a base backup fails each time, or a standby cannot connect.',
  instead: 'None of these settings: the defaults, replica and 10, are right.',
  examine(workload, { facts }) {
    const { replicas, settings } = workload;
    const { backup, replicationSecret } = settings.values;
    if (!backup && replicationSecret === undefined) return noObservations;
    const standing = (backup ? 1 : 0) + Math.max(replicas - 1, 0);
    return [
      ...unsafeParameter(workload, 'wal_level', isMinimal, 'replica or logical', facts),
      ...unsafeParameter(workload, 'max_wal_senders', isBelow(standing + 2), orMore(standing + 2), facts),
      ...unsafeParameter(workload, 'max_replication_slots', isBelow(standing + 1), orMore(standing + 1), facts),
    ];
  },
};

function isMinimal(value: string): boolean {
  return value.trim().toLowerCase() === 'minimal';
}

function isBelow(needed: number): (value: string) => boolean {
  return (value) => Number(value) < needed;
}

function orMore(needed: number): string {
  return `${needed} or more, for base backups, WAL and standbys; 10 is the default`;
}
