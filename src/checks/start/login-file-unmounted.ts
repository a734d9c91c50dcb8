import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import { expandReferences } from '../../workload/environment.ts';
import { objectsAt, textAt } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { environmentField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/** What the agent logs in with, and what the initialisation reads. */
const variables = ['POSTGRES_PASSWORD_FILE', 'POSTGRES_USER_FILE', 'POSTGRES_DB_FILE', 'POSTGRES_INITDB_ARGS_FILE'];

/** In every container: made by the runtime, or mounted by the apiserver when the pod is made. */
const everywhere = [
  '/dev',
  '/proc',
  '/sys',
  '/etc/hostname',
  '/var/run/secrets/kubernetes.io',
  '/run/secrets/kubernetes.io',
];

/**
 * Fields: POSTGRES_PASSWORD_FILE, _USER_FILE, _DB_FILE, _INITDB_ARGS_FILE and volumeMounts of the Postgres container.
 * Allowed: a file below one of its mounts, which the agent's containers and pgusher-initdb get too. What another webhook mounts into the pod later
 * (Vault's agent mounts /vault/secrets) is not known here.
 */
export const loginFileUnmounted: Check = {
  id: 'login-file-unmounted',
  severity: 'warn',
  summary: 'A file with the password or the user lies below no volume of the container.',
  because:
    'The containers of pgusher do not have it either: the first initialisation stops at it, and the agent never logs in, so that nothing is backed up. What a webhook mounts into the pod later comes into the server only, and after pgusher-initdb.',
  instead: 'A Secret, mounted where the variable says, or POSTGRES_PASSWORD from a Secret.',
  paste: `env:
  - name: POSTGRES_PASSWORD_FILE
    value: /run/postgres-login/password
volumeMounts:
  - name: login
    mountPath: /run/postgres-login
    readOnly: true
# beside containers
volumes:
  - name: login
    secret:
      secretName: <secret>`,
  examine({ server }) {
    if (server === undefined) return noObservations;
    return variables.flatMap((name) => {
      const path = fileOf(server, name);
      if (path === undefined || isMounted(server, path)) return [];
      return [
        {
          field: environmentField(server.name, name),
          message: `${name} is ${quoted(path)}, below no mount; wanted it on a volume. pgusher-initdb and the agent cannot read it.`,
        },
      ];
    });
  },
};

/** undefined where it is not set, or not known here. */
function fileOf(server: ServerContainer, name: string): string | undefined {
  const variable = server.environment.get(name);
  if (variable?.kind !== 'value' || variable.value === '') return undefined;
  const path = expandReferences(variable.value, server.environment);
  return path.includes('$(') || !path.startsWith('/') ? undefined : normalisePath(path);
}

function isMounted({ container }: ServerContainer, path: string): boolean {
  const mounts = objectsAt(container, 'volumeMounts').map((mount) => normalisePath(textAt(mount, 'mountPath') ?? ''));
  return [...mounts, ...everywhere].some((mount) => isWithin(path, mount));
}
