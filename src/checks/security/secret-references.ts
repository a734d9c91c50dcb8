import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { replicationLoginIn, replicationLoginKeys } from '../../workload/replication-login.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { caKey } from '../../store/object/ca-key.ts';
import { neededKeys, secretKeys } from '../../store/object/secret-keys.ts';
import { annotationField, containerField, volumeField } from '../field-path.ts';
import type { ContainerList } from '../field-path.ts';

export interface SecretReference {
  readonly secret: string;
  /** That are asked for by name. */
  readonly keys: readonly string[];
  /** Where other keys do as well: those that count in a Secret with these. */
  readonly keysOf?: (keys: readonly string[]) => readonly string[];
  readonly field: string;
}

const none: readonly SecretReference[] = Object.freeze([]);

const lists: readonly ContainerList[] = ['initContainers', 'containers'];

const known = new WeakMap<PostgresWorkload, readonly SecretReference[]>();

/** The Secrets without which a pod does not start; several checks ask for them. */
export function secretReferences(workload: PostgresWorkload): readonly SecretReference[] {
  const asked = known.get(workload);
  if (asked !== undefined) return asked;
  const found = findReferences(workload);
  known.set(workload, found);
  return found;
}

function findReferences({ podSpec, settings }: PostgresWorkload): readonly SecretReference[] {
  const { replicationSecret, backup, backupStore, backupStoreSecret } = settings.values;
  return [
    ...lists.flatMap((list) => objectsAt(podSpec, list).flatMap((container) => inContainer(container, list))),
    ...objectsAt(podSpec, 'volumes').flatMap(inVolume),
    ...(replicationSecret === undefined
      ? []
      : [
          {
            secret: replicationSecret,
            keys: replicationLoginKeys[0],
            keysOf: replicationLoginIn,
            field: annotationField('postgres.io/replication-secret'),
          },
        ]),
    ...(!backup || backupStore === undefined || backupStoreSecret === undefined
      ? []
      : [
          {
            secret: backupStoreSecret,
            keys: storeKeys(backupStore, []),
            keysOf: (there: readonly string[]) => storeKeys(backupStore, there),
            field: annotationField('postgres.io/backup-store-secret'),
          },
        ]),
  ];
}

/** With that of the file that `ca=` of the address names. */
function storeKeys(address: string, there: readonly string[]): readonly string[] {
  const key = caKey(address);
  return [...neededKeys(secretKeys(address), there), ...(key === undefined ? [] : [key])];
}

/** A plain loop: most variables are no references, and this is asked for each request. */
function inContainer(container: JsonObject, list: ContainerList): readonly SecretReference[] {
  const name = textAt(container, 'name') ?? '';
  const found: SecretReference[] = [];
  for (const variable of objectsAt(container, 'env')) {
    if (variable['valueFrom'] === undefined) continue;
    const reference = objectAt(objectAt(variable, 'valueFrom'), 'secretKeyRef');
    const secret = requiredSecret(reference, 'name');
    if (secret === undefined) continue;
    const field = containerField(name, `env[${textAt(variable, 'name') ?? ''}].valueFrom.secretKeyRef`, list);
    found.push({ secret, keys: [textAt(reference, 'key') ?? ''], field });
  }
  for (const source of objectsAt(container, 'envFrom')) {
    const secret = requiredSecret(objectAt(source, 'secretRef'), 'name');
    if (secret !== undefined) found.push({ secret, keys: [], field: containerField(name, 'envFrom', list) });
  }
  return found;
}

function inVolume(volume: JsonObject): readonly SecretReference[] {
  if (volume['secret'] === undefined) return none;
  const source = objectAt(volume, 'secret');
  const secret = requiredSecret(source, 'secretName');
  if (secret === undefined) return none;
  const keys = objectsAt(source, 'items').map((item) => textAt(item, 'key') ?? '');
  return [{ secret, keys, field: volumeField(textAt(volume, 'name') ?? '') }];
}

/** Its name; undefined where there is none, or the pod starts without it. */
function requiredSecret(reference: JsonObject, key: 'name' | 'secretName'): string | undefined {
  return reference['optional'] === true ? undefined : textAt(reference, key);
}
