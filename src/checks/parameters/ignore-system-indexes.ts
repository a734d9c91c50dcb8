import type { Check } from '../check.ts';
import { isOn, unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: ignore_system_indexes in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: off, which is the default (PostgreSQL manual, section 19.17).
 */
export const ignoreSystemIndexes: Check = {
  id: 'ignore-system-indexes',
  severity: 'deny',
  summary: 'System catalogs are read without their indexes (ignore_system_indexes = on).',
  because:
    'It is meant for repairing a broken catalog by hand; as a standing setting it hides that the catalog is broken, while backups of it go on.',
  instead: 'No such setting on a running database: restore a backup into a new set.',
  examine(workload, { facts }) {
    return unsafeParameter(workload, 'ignore_system_indexes', isOn, 'off', facts);
  },
};
