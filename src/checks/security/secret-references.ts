import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { replicationLoginIn, replicationLoginKeys } from '../../workload/replication-login.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { caKey } from '../../store/object/ca-key.ts';
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
            keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', ...authorityKey(backupStore)],
            field: annotationField('postgres.io/backup-store-secret'),
          },
        ]),
  ];
}

/** Of the file that `ca=` of the address names. */
function authorityKey(address: string): readonly string[] {
  const key = caKey(address);
  return key === undefined ? [] : [key];
}

function inContainer(container: JsonObject, list: ContainerList): readonly SecretReference[] {
  const name = textAt(container, 'name') ?? '';
  const fromKeys = objectsAt(container, 'env').flatMap((variable) => {
    if (variable['valueFrom'] === undefined) return none;
    const reference = objectAt(objectAt(variable, 'valueFrom'), 'secretKeyRef');
    const field = containerField(name, `env[${textAt(variable, 'name') ?? ''}].valueFrom.secretKeyRef`, list);
    return referenceTo(reference, textAt(reference, 'name'), [textAt(reference, 'key') ?? ''], field);
  });
  const whole = objectsAt(container, 'envFrom').flatMap((source) => {
    const reference = objectAt(source, 'secretRef');
    return referenceTo(reference, textAt(reference, 'name'), [], containerField(name, 'envFrom', list));
  });
  return [...fromKeys, ...whole];
}

function inVolume(volume: JsonObject): readonly SecretReference[] {
  if (volume['secret'] === undefined) return none;
  const source = objectAt(volume, 'secret');
  const keys = objectsAt(source, 'items').map((item) => textAt(item, 'key') ?? '');
  return referenceTo(source, textAt(source, 'secretName'), keys, volumeField(textAt(volume, 'name') ?? ''));
}

function referenceTo(
  reference: JsonObject,
  secret: string | undefined,
  keys: readonly string[],
  field: string,
): readonly SecretReference[] {
  return secret === undefined || reference['optional'] === true ? none : [{ secret, keys, field }];
}
