import { isObject, numberAt, objectAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { sameJson } from './same-json.ts';

/**
 * Kubernetes lists whose items have a name. Which field that is, is the list's merge key in the Kubernetes API
 * (containers, volumes and env: name; volumeMounts: mountPath; ports: containerPort and protocol).
 */
export type KeyOf = (item: JsonObject) => string | undefined;

export const nameKey: KeyOf = (item) => textAt(item, 'name');

export const mountPathKey: KeyOf = (item) => textAt(item, 'mountPath');

export const portKey: KeyOf = (item) => {
  const port = numberAt(item, 'containerPort');
  return port === undefined ? undefined : `${port}/${textAt(item, 'protocol') ?? 'TCP'}`;
};

export const claimTemplateKey: KeyOf = (item) => textAt(objectAt(item, 'metadata'), 'name');

/**
 * `list` with `ours` at its end, in their order. An item of the list that already is one of ours moves there; one that
 * has the name but not the content is somebody else's and never overwritten: that throws.
 */
export function appendNamed(
  list: readonly Json[],
  ours: readonly JsonObject[],
  keyOf: KeyOf,
  what: string,
): readonly Json[] {
  if (ours.length === 0) return list;
  const byKey = new Map(ours.map((item) => [keyOf(item), item]));
  const others = list.filter((item) => {
    const key = isObject(item) ? keyOf(item) : undefined;
    const own = key === undefined ? undefined : byKey.get(key);
    if (own === undefined) return true;
    if (sameJson(item, own)) return false;
    throw new NameTakenError(what, key ?? '');
  });
  return [...others, ...ours];
}

export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';

  constructor(what: string, key: string) {
    super(`${what} ${key} is in the object already and is not what the plan adds; it is left alone`);
  }
}
