import { coveringMount } from '../../workload/mount.ts';
import type { Mount } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';

/** Where the image's pgsodium_getkey.sh makes the key when it is not there (supabase/postgres). */
const keyFile = '/etc/postgresql-custom/pgsodium_root.key';

/**
 * Fields: volumeMounts of the Postgres container with a Supabase image; vault.getkey_script and pgsodium.getkey_script.
 * Allowed: a Secret or a claim under the key; a script of your own that gets it.
 */
export const pgsodiumKeyNotBackedUp: Check = {
  id: 'pgsodium-key-not-backed-up',
  severity: 'warn',
  summary: 'The root key of the Vault is made anew with each container.',
  because:
    'The key lies outside PGDATA, so no backup has it. With the next container, and after each restore, there is another one: every secret in the Vault can never be read again.',
  instead: 'The key in a Secret, mounted at /etc/postgresql-custom/pgsodium_root.key.',
  paste: `volumeMounts:
  - name: vault-key
    mountPath: /etc/postgresql-custom/pgsodium_root.key
    subPath: pgsodium_root.key
volumes:
  - name: vault-key
    secret:
      secretName: <secret with the key pgsodium_root.key>`,
  examine({ server }) {
    if (server?.family.id !== 'supabase' || outlivesContainer(coveringMount(server.mounts, keyFile)))
      return noObservations;
    if (server.parameters.has('vault.getkey_script') || server.parameters.has('pgsodium.getkey_script'))
      return noObservations;
    return [
      {
        field: containerField(server.name, 'volumeMounts'),
        message: `no volume keeps ${keyFile}; wanted the key in a Secret. Mount it there by subPath.`,
      },
    ];
  },
};

function outlivesContainer(mount: Mount | undefined): boolean {
  return mount !== undefined && mount.source.kind !== 'emptyDir' && mount.source.kind !== 'undefined';
}
