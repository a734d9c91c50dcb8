import type { Check } from '../check.ts';
import { isOn, unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: zero_damaged_pages in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: off, which is the default (PostgreSQL manual, section 19.17).
 */
export const zeroDamagedPages: Check = {
  id: 'zero-damaged-pages',
  severity: 'deny',
  summary: 'Damaged pages are emptied (zero_damaged_pages = on).',
  because:
    'Each page with a bad header is replaced by an empty one when it is read: all of its rows are gone, with a warning in the log, and the next backup has them no more.',
  instead: 'No such setting on a running database: restore a backup into a new set, and rescue from a copy.',
  examine(workload, { facts }) {
    return unsafeParameter(workload, 'zero_damaged_pages', isOn, 'off', facts);
  },
};
