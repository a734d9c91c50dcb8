import { parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { claimTemplateField } from '../field-path.ts';
import { memoryParameter, shownMemory } from '../parameters/parameter-value.ts';
import { quoted } from '../shown-text.ts';

/** PostgreSQL's default of max_wal_size (manual 19.5.2). */
const defaultWal = 2 ** 30;

/**
 * Fields: spec.volumeClaimTemplates[*].spec.resources.requests.storage under PGDATA; max_wal_size;
 * POSTGRES_INITDB_WALDIR, or --waldir in POSTGRES_INITDB_ARGS. On CREATE: the template cannot change later.
 * Allowed: twice max_wal_size, which is a soft limit, so that data has room beside WAL; any size with WAL elsewhere.
 */
export const vctSizeZeroOrTiny: Check = {
  id: 'vct-size-zero-or-tiny',
  severity: 'warn',
  summary: 'The volume of the data is hardly larger than the WAL on it.',
  because:
    'A volume that WAL has filled stops the server (PANIC: could not write to file "pg_wal/…"), and it cannot start again before somebody makes room.',
  instead: 'At least twice max_wal_size, 1 GB by default; or a smaller max_wal_size.',
  examine({ server }, { operation }) {
    const mount = server?.data.mount;
    if (operation === 'UPDATE' || server === undefined || mount?.source.kind !== 'claim-template')
      return noObservations;
    if (server.wal !== undefined && server.wal.mount !== mount) return noObservations;
    const { storage = '' } = mount.source;
    const room = parseQuantity(storage);
    const wal = memoryParameter(server, 'max_wal_size')?.bytes ?? defaultWal;
    if (room === undefined || room >= 2 * wal) return noObservations;
    return [
      {
        field: `${claimTemplateField(mount.name)}.spec.resources.requests.storage`,
        message: `${quoted(storage)} for the data, and WAL alone takes ${shownMemory(wal)}; wanted ${shownMemory(2 * wal)} or more. Ask for more, or write postgres.io/parameters: max_wal_size=<half of it>.`,
      },
    ];
  },
};
