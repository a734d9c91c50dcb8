import type { Check } from '../check.ts';
import { isOn, unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: data_sync_retry in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: off, which is the default (PostgreSQL manual, section 19.14).
 */
export const dataSyncRetryOn: Check = {
  id: 'data-sync-retry-on',
  severity: 'deny',
  summary: 'A failed write to disk is tried again as if nothing had happened (data_sync_retry = on).',
  because:
    'The kernel forgets the pages that it could not write, so the second fsync succeeds and the rows are gone. Stopping and replaying the WAL is what saves them.',
  instead: 'No data_sync_retry setting.',
  examine(workload, { facts }) {
    return unsafeParameter(workload, 'data_sync_retry', isOn, 'off', facts);
  },
};
