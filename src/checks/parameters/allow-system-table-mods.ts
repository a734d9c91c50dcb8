import type { Check } from '../check.ts';
import { isOn, unsafeParameter } from './unsafe-parameter.ts';

/**
 * Fields: allow_system_table_mods in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: off, which is the default (PostgreSQL manual, section 19.17).
 */
export const allowSystemTableMods: Check = {
  id: 'allow-system-table-mods',
  severity: 'deny',
  summary: 'System tables may be changed by hand (allow_system_table_mods = on).',
  because:
    'One careless statement leaves a catalog that no server can read, in the database and in each backup after it.',
  instead: 'No such setting on a running database.',
  examine(workload, { facts }) {
    return unsafeParameter(workload, 'allow_system_table_mods', isOn, 'off', facts);
  },
};
