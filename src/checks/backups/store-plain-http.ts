import { readStoreAddress } from '../../store/object/store-address.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: endpoint of postgres.io/backup-store.
 * Allowed: https. The address itself is read with http only where plain-http=allowed stands beside it.
 */
export const storePlainHttp: Check = {
  id: 'store-plain-http',
  severity: 'warn',
  summary: 'Backups leave the cluster over plain HTTP.',
  because: 'Whoever is on the way reads the database, and can change what a restore brings back.',
  instead: 'An endpoint with https, and `ca=/pgusher-store/<key>` where its authority is one of your own.',
  examine({ settings }) {
    const { backupStore } = settings.values;
    if (backupStore === undefined) return noObservations;
    const address = readStoreAddress(backupStore);
    if (address.kind === 'invalid' || address.endpoint?.startsWith('http://') !== true) return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-store'),
        message: `backups go to ${quoted(address.endpoint)} unencrypted; wanted https. Write endpoint=${address.endpoint.replace('http:', 'https:')} in postgres.io/backup-store.`,
      },
    ];
  },
};
