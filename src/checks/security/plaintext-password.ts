import { isOnlyReferences } from '../../workload/environment.ts';
import { environmentMaps } from '../../workload/mounted-file.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField, environmentField } from '../field-path.ts';
import type { ContainerList } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';

/**
 * Fields: env, command and args of all containers and init containers; in files, the ConfigMaps that envFrom names.
 * Allowed: references to Secrets (`valueFrom`, `$(OTHER)`), `*_FILE`, shell variables. Of variables that only sound like
 * a secret, everything but the passwords of well-known examples. No message repeats a value.
 */
export const plaintextPassword: Check = {
  id: 'plaintext-password',
  severity: 'deny',
  summary: 'A password or a key is written in the object.',
  because:
    'Everyone who may read StatefulSets, every GitOps repository and every backup of etcd has it: enough to read or delete the data and its backups.',
  instead: 'A Secret by valueFrom.secretKeyRef, or a mounted file by the `_FILE` form of the variable.',
  paste: `env:
  - name: <variable>
    valueFrom:
      secretKeyRef:
        name: <secret>
        key: <key>`,
  coversLeftAlone: true,
  examine(workload, { facts }) {
    const { podSpec } = workload;
    const own = [...inContainers(podSpec, 'containers'), ...inContainers(podSpec, 'initContainers')];
    // In the webhook no ConfigMap is known.
    if (facts.configMaps.within(workload.namespace).length === 0) return own.length === 0 ? noObservations : own;
    return [
      ...own,
      ...(['containers', 'initContainers'] as const).flatMap((list) =>
        objectsAt(podSpec, list).flatMap((container) =>
          inMaps(container, list, environmentMaps(container, workload, facts)),
        ),
      ),
    ];
  },
};

function inContainers(podSpec: JsonObject, list: ContainerList): readonly Observation[] {
  const suspects = objectsAt(podSpec, list).filter(isSuspect);
  return suspects.length === 0 ? noObservations : suspects.flatMap((container) => inContainer(container, list));
}

/** Most containers hold nothing of the kind, and this is asked for each request. */
function isSuspect(container: JsonObject): boolean {
  return (
    objectsAt(container, 'env').some(holdsSecret) || holdsLogins(container, 'command') || holdsLogins(container, 'args')
  );
}

function holdsLogins(container: JsonObject, key: 'command' | 'args'): boolean {
  return textsAt(container, key).some(holdsLogin);
}

function inContainer(container: JsonObject, list: ContainerList): readonly Observation[] {
  const name = textAt(container, 'name') ?? '';
  const variables = objectsAt(container, 'env').filter(holdsSecret);
  const words = (['command', 'args'] as const).filter((key) => holdsLogins(container, key));
  return [
    ...variables.map((variable) => inVariable(variable, name, list)),
    ...words.map((key) => inWords(key, name, list)),
  ];
}

/** A password that is taken from a ConfigMap lies open in it. */
function isFromConfigMap(variable: JsonObject): boolean {
  if (variable['valueFrom'] === undefined) return false;
  if (textAt(objectAt(objectAt(variable, 'valueFrom'), 'configMapKeyRef'), 'name') === undefined) return false;
  const name = textAt(variable, 'name') ?? '';
  return secretNames.test(name) && !switchNames.test(name);
}

/** What `envFrom` takes from ConfigMaps in the same files. */
function inMaps(
  container: JsonObject,
  list: ContainerList,
  maps: ReturnType<typeof environmentMaps>,
): readonly Observation[] {
  return maps.flatMap(({ configMap, prefix, data }) =>
    Object.entries(data)
      // What `env` says itself counts (Kubernetes, "Define Environment Variables").
      .filter(([key]) => !objectsAt(container, 'env').some((entry) => textAt(entry, 'name') === `${prefix}${key}`))
      .filter(([key, value]) => holdsSecret({ name: `${prefix}${key}`, value }))
      .map(([key]) => ({
        field: containerField(textAt(container, 'name') ?? '', 'envFrom', list),
        message: `${printable(`${prefix}${key}`)} comes from ConfigMap ${quoted(configMap)} (not shown); wanted a Secret. Put it into one, and write secretRef.`,
      })),
  );
}

function holdsSecret(variable: JsonObject): boolean {
  if (isFromConfigMap(variable)) return true;
  const value = textAt(variable, 'value') ?? '';
  return value !== '' && (isSecretName(variable, value) || isSample(variable, value) || holdsLogin(value));
}

function isSecretName(variable: JsonObject, value: string): boolean {
  const name = textAt(variable, 'name') ?? '';
  return secretNames.test(name) && !switchNames.test(name) && !isOnlyReferences(value);
}

function isSample(variable: JsonObject, value: string): boolean {
  if (!samplePasswords.has(value.toLowerCase())) return false;
  const name = textAt(variable, 'name') ?? '';
  return credentialNames.test(name) && !identifierNames.test(name);
}

function inVariable(variable: JsonObject, owner: string, list: ContainerList): Observation {
  const name = textAt(variable, 'name') ?? '';
  if (isFromConfigMap(variable)) {
    return {
      field: environmentField(owner, name, list).replace(/value$/, 'valueFrom.configMapKeyRef'),
      message: `${printable(name)} comes from a ConfigMap, which is no secret; wanted a Secret. Write secretKeyRef in place of configMapKeyRef.`,
    };
  }
  const how = howWritten(variable, textAt(variable, 'value') ?? '');
  return {
    field: environmentField(owner, name, list),
    message: `${printable(name)} ${how} (not shown); wanted a Secret. Write valueFrom: {secretKeyRef: {name: <secret>, key: <key>}}.`,
  };
}

function howWritten(variable: JsonObject, value: string): string {
  if (isSecretName(variable, value)) return 'is a literal';
  return isSample(variable, value) ? 'is a well-known password' : 'holds a password';
}

function inWords(key: 'command' | 'args', owner: string, list: ContainerList): Observation {
  return {
    field: containerField(owner, key, list),
    message: `a password is written in ${key} (not shown); wanted a Secret. Put it into env by valueFrom and write $(NAME) here.`,
  };
}

/** By their ends: POSTGRES_PASSWORD, PGPASSWORD, DB_PWD, AWS_SECRET_ACCESS_KEY, PGBACKREST_REPO1_S3_KEY_SECRET … but no `_FILE`. */
const secretNames =
  /(?:PASSWORD|PASSWD|PASSPHRASE|_PASS|_PWD|_PW|SECRET_ACCESS_KEY|SECRET_KEY|KEY_SECRET|STORAGE_KEY|ACCOUNT_KEY|SAS_TOKEN|LIBSODIUM_KEY|PASSWORD_(?:SUPERUSER|STANDBY|ADMIN|REPLICATION|REPLICATOR|REWIND))$/i;

/** `ALLOW_EMPTY_PASSWORD=yes`, `MYSQL_ALLOW_EMPTY_PASSWORD`, `MYSQL_RANDOM_ROOT_PASSWORD` are no passwords. */
const switchNames = /(?:^|_)(?:ALLOW|DISABLE|ENABLE|REQUIRE|USE|RANDOM)_/i;

/** APP_CRED, APP_TOKEN, CLIENT_SECRET … may as well be a switch or a number, so that their value decides. */
const credentialNames = /CRED|TOKEN|SECRET|PASS|PWD|PSW/i;

/** APP_SECRET_NAME, CREDENTIAL_USER …: what is called `postgres` there is no password. */
const identifierNames =
  /_(?:FILE|DIR|PATH|NAME|NAMESPACE|USER|USERNAME|OWNER|HOST|ID|DB|DATABASE|TYPE|METHOD|ROLE|ISSUER|AUDIENCE|ENGINE|ENV)$/i;

/** Of the manifests and tutorials that people copy from; in lower case. */
const samplePasswords: ReadonlySet<string> = new Set([
  '12345',
  '123456',
  '12345678',
  'admin',
  'admin123',
  'changeit',
  'changeme',
  'example',
  'hoard_pass',
  'mypassword',
  'mysecretpassword',
  'pass',
  'password',
  'password123',
  'postgres',
  'root',
  'secret',
  'test',
  'test123',
  'testpassword',
  'testpsw',
]);

/** By what a variable is known to hold a secret; the ValidatingAdmissionPolicy is written from it too. */
export const passwordNames = {
  secret: secretNames,
  switch: switchNames,
  credential: credentialNames,
  identifier: identifierNames,
  samples: samplePasswords,
} as const;

/** Of `scheme://user:password@host` and of `password=…` (libpq keywords, shell assignments, URL parameters). */
const addressLogin = /[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:([^\s@/]+)@/gi;
const keywordLogin = /password\s*=\s*["']?([^\s"'&;,)]+)/gi;

/** Each only where what it cannot be without is there: this is asked for each word and each variable of each request. */
function holdsLogin(text: string): boolean {
  return (
    (text.includes('://') && text.includes('@') && holds(addressLogin, text)) ||
    (text.includes('=') && /password/i.test(text) && holds(keywordLogin, text))
  );
}

function holds(login: RegExp, text: string): boolean {
  return [...text.matchAll(login)].some(([, password = '']) => !isComputed(password));
}

/** `$(NAME)`, `$NAME`, a command substitution. */
function isComputed(password: string): boolean {
  return password.startsWith('$') || password.startsWith('`');
}
