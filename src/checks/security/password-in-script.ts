import { mountedFolder } from '../../workload/mounted-file.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: in files, the ConfigMaps that lie in /docker-entrypoint-initdb.d of the Postgres container.
 * Allowed: scripts that take a role's password from a variable, and those of a Secret. Such a script runs once, at the first start, and the
 * password may have been changed since: it is said and not refused. No message repeats it.
 */
export const passwordInScript: Check = {
  id: 'password-in-script',
  severity: 'warn',
  summary: "A script of the first start has a role's password in it.",
  because:
    'Everyone who may read ConfigMaps, and every GitOps repository, has the password that the role was made with.',
  instead: "The script in a Secret, or a variable from one: psql's `:'password'`, a shell's `$APP_PASSWORD`.",
  examine(workload, { facts }) {
    const { server } = workload;
    // In the webhook no ConfigMap is known.
    if (server === undefined || facts.configMaps.within(workload.namespace).length === 0) return noObservations;
    return [...mountedFolder(folder, server.container, workload, facts).files.values()]
      .filter(({ text }) => rolePassword.test(text))
      .map(({ configMap, key }) => ({
        field: containerField(server.name, 'volumeMounts'),
        message: `${quoted(key)} of ConfigMap ${quoted(configMap)} holds a role's password (not shown); wanted it in a Secret. Mount the script from one, or let it read a variable.`,
      }));
  },
};

const folder = '/docker-entrypoint-initdb.d';

/** `CREATE USER app PASSWORD 'x'`; not a shell's `'$APP_PASSWORD'`, nor psql's `:'password'`. */
const rolePassword = /\b(?:CREATE|ALTER)\s+(?:ROLE|USER)\b[^;]{1,500}?\bPASSWORD\s+'[^'$`]/i;
