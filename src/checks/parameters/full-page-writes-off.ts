import type { Check } from '../check.ts';
import { isOff, unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: full_page_writes in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: on, which is the default (PostgreSQL manual, section 19.5.1).
 */
export const fullPageWritesOff: Check = {
  id: 'full-page-writes-off',
  severity: 'deny',
  summary: 'Torn pages cannot be repaired (full_page_writes = off).',
  because:
    'A page that was half written when the node crashed stays half old and half new: WAL replay builds on it and corrupts data in silence.',
  instead: 'No full_page_writes setting; wal_compression makes it cheaper.',
  examine(workload, { facts }) {
    return unsafeParameter(workload, 'full_page_writes', isOff, 'on', facts);
  },
};
