import type { Check } from '../check.ts';
import { isOff, unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: fsync in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: on, which is the default (PostgreSQL manual, section 19.5.1).
 */
export const fsyncOff: Check = {
  id: 'fsync-off',
  severity: 'deny',
  summary: 'Postgres does not wait for the disk (fsync = off).',
  because:
    'A crash of the node leaves a data directory in which some writes are on disk and some are not: corrupt beyond repair, and so are the backups made of it.',
  instead: 'No fsync setting. For speed, synchronous_commit per session loses at most the last commits.',
  examine(workload, { facts }) {
    return unsafeParameter(workload, 'fsync', isOff, 'on', facts);
  },
};
