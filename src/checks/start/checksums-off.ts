import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { environmentField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: POSTGRES_INITDB_ARGS of the Postgres container. On CREATE: later pg_checksums decides.
 * Allowed: everything but --no-data-checksums. From major 18 on checksums are the default of initdb; that majors before leave them
 * out by default is no choice of anybody's, and not said here.
 */
export const checksumsOff: Check = {
  id: 'checksums-off',
  severity: 'warn',
  summary: 'Data checksums are turned off.',
  because:
    'A page that the disk has changed is read as if it were right, and goes into each backup after it; by the time somebody sees it no good backup is left.',
  instead: '`POSTGRES_INITDB_ARGS: --data-checksums`. It costs a few percent at most.',
  examine({ server }, { operation }) {
    const variable = server?.environment.get('POSTGRES_INITDB_ARGS');
    if (server?.initdb?.checksums !== false || operation === 'UPDATE' || variable?.kind !== 'value')
      return noObservations;
    return [
      {
        field: environmentField(server.name, 'POSTGRES_INITDB_ARGS'),
        message: `POSTGRES_INITDB_ARGS is ${quoted(variable.value)}; wanted checksums. Write --data-checksums.`,
      },
    ];
  },
};
