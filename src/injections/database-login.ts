import { environmentNames } from '../agent/contract.ts';
import { isWithin, normalisePath } from '../workload/absolute-path.ts';
import { expandReferences, isOnlyReferences } from '../workload/environment.ts';
import { isObject, listAt, objectsAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { ServerContainer } from '../workload/postgres-workload.ts';
import { storedMount, storedVariable, storedVariables } from '../workload/stored-form.ts';
import { namesBeyondEnvironment } from './referenced-environment.ts';

/** How the agent's containers come to the user's own superuser and password; see `environmentNames`. */
export interface DatabaseLogin {
  readonly env: readonly JsonObject[];
  /** The server's, where it may hold what `env` lacks. */
  readonly envFrom: readonly Json[];
  /** Of the files that a _FILE variable names. */
  readonly volumeMounts: readonly JsonObject[];
}

export function databaseLogin(server: ServerContainer): DatabaseLogin {
  const entries = objectsAt(server.container, 'env');
  // Of two entries with one name the kubelet takes the later one.
  const entryOf = (name: string): JsonObject | undefined => entries.findLast((entry) => entry['name'] === name);
  const user = entryOf('POSTGRES_USER');
  const userFile = entryOf('POSTGRES_USER_FILE');
  const password = entryOf('POSTGRES_PASSWORD');
  const passwordFile = entryOf('POSTGRES_PASSWORD_FILE');
  const env = [
    ...renamed(user, environmentNames.user),
    ...renamed(userFile, environmentNames.userFile),
    ...(isByReference(password, server) ? renamed(password, environmentNames.password) : []),
    ...renamed(passwordFile, environmentNames.passwordFile),
  ];
  const texts = env.map((entry) => textAt(entry, 'value') ?? '');
  const complete =
    (user ?? userFile) !== undefined &&
    (password ?? passwordFile) !== undefined &&
    !namesBeyondEnvironment(server.container, texts);
  return {
    env,
    envFrom: complete ? [] : listAt(server.container, 'envFrom').map(storedVariables),
    volumeMounts: fileMounts(server, [textAt(userFile, 'value'), textAt(passwordFile, 'value')]),
  };
}

/** A literal password is not spread to more containers, neither one that `$(NAME)` leads to. */
function isByReference(password: JsonObject | undefined, server: ServerContainer): boolean {
  if (isObject(password?.['valueFrom'])) return true;
  const value = textAt(password, 'value') ?? '';
  return isOnlyReferences(value) && !isOnlyLiterals(value, server);
}

function isOnlyLiterals(value: string, server: ServerContainer): boolean {
  return !expandReferences(value, server.environment).includes('$(');
}

function renamed(entry: JsonObject | undefined, name: string): readonly JsonObject[] {
  if (entry === undefined) return [];
  if (isObject(entry['valueFrom'])) return [storedVariable({ name, valueFrom: entry['valueFrom'] })];
  const value = textAt(entry, 'value') ?? '';
  // The apiserver stores no empty value.
  return [value === '' ? { name } : { name, value }];
}

function fileMounts(server: ServerContainer, files: readonly (string | undefined)[]): readonly JsonObject[] {
  const named = files.filter((file) => file !== undefined);
  if (named.length === 0) return [];
  const volumeMounts = objectsAt(server.container, 'volumeMounts')
    .map((mount) => ({
      ...storedMount(mount),
      mountPath: normalisePath(textAt(mount, 'mountPath') ?? ''),
      readOnly: true,
    }))
    .toSorted((a, b) => b.mountPath.length - a.mountPath.length);
  const holding = (file: string): JsonObject | undefined => {
    const path = normalisePath(expandReferences(file, server.environment));
    return volumeMounts.find((mount) => isWithin(path, mount.mountPath));
  };
  return [...new Set(named.map(holding))].filter((mount) => mount !== undefined);
}
