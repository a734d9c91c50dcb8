import { readServerInteger } from '../../workload/server-number.ts';
import { neededWalSenders } from '../../workload/wal-senders.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: wal_level, max_wal_senders and max_replication_slots in command and args of the Postgres container, and in
 * postgres.io/parameters.
 * Allowed: wal_level replica or logical (PostgreSQL manual, 19.5.1); of the others as many as are used at once (19.6.1). The agent
 * has one sender for its questions and one that WAL is received by, through a slot, so that the server keeps what it has not got yet. A base
 * backup, and the first copy of a standby, is taken by pg_basebackup: two senders, and a slot of its own for as long as it runs. Each standby
 * has one of either (workload/wal-senders.ts).
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
    const standbys = Math.max(replicas - 1, 0);
    const standing = (backup ? 1 : 0) + standbys;
    const senders = neededWalSenders({ backup, standbys });
    return joined(
      unsafeParameter(workload, 'wal_level', isMinimal, 'replica or logical', facts),
      unsafeParameter(workload, 'max_wal_senders', isBelow(senders), orMore(senders), facts),
      tooFewByDefault(workload, 'max_wal_senders', senders),
      unsafeParameter(workload, 'max_replication_slots', isBelow(standing + 1), orMore(standing + 1), facts),
      tooFewByDefault(workload, 'max_replication_slots', standing + 1),
    );
  },
};

/** The default, the same in all majors. */
const defaultCount = 10;

/** Where a configuration file is named, it may say more. */
function tooFewByDefault({ server }: PostgresWorkload, name: string, needed: number): readonly Observation[] {
  if (server === undefined || needed <= defaultCount || server.parameters.has(name)) return noObservations;
  if (server.parameters.has('config_file') || server.family.configurationDirectory !== undefined) return noObservations;
  return [
    {
      field: 'spec.replicas',
      // ALTER SYSTEM, or the arguments of initdb, may say more.
      severity: 'warn',
      message: `${name} is ${defaultCount}, the default; wanted ${needed} or more, for base backups, WAL and standbys. Add ${name}=${needed} to postgres.io/parameters.`,
    },
  ];
}

function isMinimal(value: string): boolean {
  return value.trim().toLowerCase() === 'minimal';
}

/**
 * As the server counts: `010` is eight, `1.5` is two. `0b1` is a number to servers that were built with glibc 2.38 or newer alone (its
 * release notes, strtol); what none would read is `parameter-unreadable`.
 */
function isBelow(needed: number): (value: string) => boolean {
  return (value) => (readServerInteger(value) ?? Number(value)) < needed;
}

function orMore(needed: number): string {
  return `${needed} or more, for base backups, WAL and standbys; 10 is the default`;
}
