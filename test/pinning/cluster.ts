import { pin } from '../../src/pinning/pin.ts';
import type { Pinned, Render } from '../../src/pinning/pin.ts';
import { withDroppedArguments } from '../../src/pinning/dropped-arguments.ts';
import { strip } from '../../src/pinning/strip.ts';
import { renderPlan } from '../../src/injections/render-plan.ts';
import { isObject, objectAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { readPostgresWorkload } from '../../src/workload/read-postgres-workload.ts';
import { readSettings } from '../../src/workload/read-settings.ts';
import { storedObject } from './arbitraries.ts';

export interface Webhook {
  readonly version: string;
  readonly withRollout: boolean;
  readonly clusterSettings: Readonly<Record<string, string>>;
  readonly render: Render;
}

export const webhook: Webhook = { version: '0.1.0', withRollout: false, clusterSettings: {}, render: renderPlan };

/** A later version of the webhook, which brings a newer agent. */
export const laterWebhook: Webhook = {
  ...webhook,
  version: '0.2.0',
  clusterSettings: { 'agent-image': 'registry.example/pgusher-agent:0.2.0' },
};

export interface Admitted extends Pinned {
  /** As the apiserver has it afterwards. */
  readonly stored: JsonObject;
}

/** What /mutate does with a managed object that no check refuses, and what is stored then. */
export function admit(
  object: JsonObject,
  old?: JsonObject,
  { version, withRollout, clusterSettings, render } = webhook,
): Admitted {
  const stored = old === undefined ? undefined : strip(old);
  const requested = withDroppedArguments(strip(object, stored), stored);
  const settings = readSettings({
    cluster: clusterSettings,
    statefulset: texts(objectAt(objectAt(requested.object, 'metadata'), 'annotations')),
  });
  const workload = readPostgresWorkload(requested.object, settings, 'shop');
  const operation = old === undefined ? 'CREATE' : 'UPDATE';
  const pinned = pin({ operation, requested, workload, stored, withRollout, version }, render);
  return { ...pinned, stored: storedObject(pinned.object) };
}

function texts(annotations: JsonObject): Record<string, string> {
  const entries = Object.entries(annotations).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}

/** Merge keys of the lists that the Kubernetes API merges by item; all others are replaced as a whole. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
};

/**
 * What a live object is after `kubectl apply` of a file (client-side or server-side): what the file says, and of what it
 * does not say, what was there. Nothing of ours is ever in "last applied", so nothing of ours is deleted by it.
 */
export function afterApply(live: JsonObject, file: JsonObject): JsonObject {
  const result: Record<string, Json | undefined> = { ...live };
  for (const [key, value] of Object.entries(file)) {
    const was = live[key];
    const mergeKey = mergeKeys[key];
    if (isObject(value) && isObject(was)) result[key] = afterApply(was, value);
    else if (mergeKey !== undefined && Array.isArray(value) && Array.isArray(was))
      result[key] = mergedList(was, value, mergeKey);
    else result[key] = value;
  }
  return result;
}

function mergedList(live: readonly Json[], file: readonly Json[], key: string): Json[] {
  const find = (list: readonly Json[], item: JsonObject): JsonObject | undefined =>
    list.filter(isObject).find((other) => other[key] === item[key]);
  const said = file.filter(isObject).map((item) => afterApply(find(live, item) ?? {}, item));
  return [...said, ...live.filter(isObject).filter((item) => find(file, item) === undefined)];
}

/** `object` with another value at a path; list items by name. `undefined` takes it away. */
export function edited(object: JsonObject, path: readonly string[], value: Json | undefined): JsonObject {
  const [key = '', ...rest] = path;
  const child = object[key];
  const [name, ...inner] = rest;
  if (Array.isArray(child) && name !== undefined) {
    const list: readonly Json[] = child;
    const changed = list.flatMap((item): Json[] => {
      if (!isObject(item) || item['name'] !== name) return [item];
      if (inner.length > 0) return [edited(item, inner, value)];
      return value === undefined ? [] : [value];
    });
    return { ...object, [key]: changed };
  }
  const next = rest.length === 0 ? value : edited(isObject(child) ? child : {}, rest, value);
  return Object.fromEntries(Object.entries({ ...object, [key]: next }).filter(([, member]) => member !== undefined));
}

export function at(object: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = object;
  for (const key of path) {
    if (Array.isArray(value)) value = value.filter(isObject).find((item) => item['name'] === key);
    else if (isObject(value)) value = value[key];
    else return undefined;
  }
  return value;
}
