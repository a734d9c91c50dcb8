import { caKey, secretFolder } from '../../store/object/ca-key.ts';
import { readStoreAddress } from '../../store/object/store-address.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: ca of postgres.io/backup-store, postgres.io/backup-store-secret.
 * Allowed: none, or a key of that Secret: nothing else of a pod is mounted in the agent.
 */
export const backupStoreCaUnmounted: Check = {
  id: 'backup-store-ca-unmounted',
  severity: 'deny',
  summary: 'The object store is to be trusted by a file that the agent does not have.',
  because: 'No connection is made: nothing is copied off-site, and a lost claim cannot be restored.',
  instead: '`ca=/pgusher-store/<key>` with a key of the Secret in `postgres.io/backup-store-secret`.',
  noEscape: 'without the file there is no connection.',
  examine({ settings }) {
    const { backupStore, backupStoreSecret } = settings.values;
    if (backupStore === undefined) return noObservations;
    const address = readStoreAddress(backupStore);
    if (address.kind === 'invalid' || address.ca === null) return noObservations;
    if (caKey(backupStore) !== undefined && backupStoreSecret !== undefined) return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-store'),
        message:
          caKey(backupStore) === undefined
            ? `ca of postgres.io/backup-store is ${quoted(address.ca)}, where the agent has no file; wanted ca=${secretFolder}/<key> with a key of the Secret in postgres.io/backup-store-secret.`
            : `ca of postgres.io/backup-store is ${quoted(address.ca)} and there is no Secret that could hold it; wanted one. Write postgres.io/backup-store-secret: <secret>.`,
      },
    ];
  },
};
