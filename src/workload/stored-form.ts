import { isList, isObject, objectAt, textAt } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { canonicalQuantity } from './quantity.ts';

/**
 * Parts of a container as the apiserver stores them: defaults filled in (kubernetes, pkg/apis/core/v1/defaults.go), quantities in
 * their canonical form, nothing that says nothing. What we copy into containers of our own is written so. A manifest that no
 * webhook has seen would else hold one thing and the stored object another, and pgusher would take the difference for an edit.
 */

/** An item of `env`. */
export function storedVariable(entry: JsonObject): JsonObject {
  const known = withoutNulls(entry);
  const { value, valueFrom, ...rest } = known;
  if (isObject(valueFrom)) return { ...rest, ...textOf(value), valueFrom: storedSource(valueFrom) };
  return { ...rest, ...textOf(value) };
}

/** Empty text is stored as none. */
function textOf(value: Json | undefined): JsonObject {
  return value === undefined || value === '' ? {} : { value };
}

function storedSource(source: JsonObject): JsonObject {
  const stored: Record<string, Json | undefined> = { ...source };
  const { fieldRef, resourceFieldRef, fileKeyRef } = source;
  if (isObject(fieldRef)) stored['fieldRef'] = { ...fieldRef, apiVersion: textAt(fieldRef, 'apiVersion') ?? 'v1' };
  if (isObject(resourceFieldRef)) {
    stored['resourceFieldRef'] = { ...resourceFieldRef, divisor: storedQuantity(resourceFieldRef['divisor'] ?? '0') };
  }
  if (isObject(fileKeyRef)) stored['fileKeyRef'] = { ...fileKeyRef, optional: fileKeyRef['optional'] === true };
  return stored;
}

/** An item of `envFrom`. */
export function storedVariables(source: Json): Json {
  if (!isObject(source)) return source;
  return Object.fromEntries(Object.entries(withoutNulls(source)).filter(([, value]) => value !== ''));
}

/**
 * Fields of a mount that every Kubernetes from 1.29 on stores. A newer one (recursiveReadOnly, bindMountOptions) the apiserver drops
 * without a word where its feature gate is off: between /mutate and /validate, from the user's mount and from our copy of it.
 */
const mountFields = ['name', 'mountPath', 'subPath', 'subPathExpr', 'mountPropagation', 'readOnly'];

/** An item of `volumeMounts`. */
export function storedMount(mount: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(mount).filter(
      ([key, value]) => mountFields.includes(key) && value !== null && value !== '' && value !== false,
    ),
  );
}

/** `resources`, of a container or a pod; empty where it says nothing. */
export function storedResources(resources: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(withoutNulls(resources))
      .filter(([, value]) => !isEmpty(value))
      .map(([key, value]) => [key, key !== 'claims' && isObject(value) ? storedAmounts(value) : value]),
  );
}

function storedAmounts(amounts: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, storedQuantity(amount, 'milli')]));
}

/** A manifest may have a bare number. */
export function storedQuantity(value: Json | undefined, precision: 'nano' | 'milli' = 'nano'): Json | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' ? canonicalQuantity(text, precision) : text;
}

const selinuxFields = ['level', 'role', 'type', 'user'];

/** `seLinuxOptions` of a security context; undefined where there are none. */
export function storedSelinux(securityContext: JsonObject): JsonObject | undefined {
  const options = Object.entries(objectAt(securityContext, 'seLinuxOptions')).filter(
    ([key, value]) => selinuxFields.includes(key) && typeof value === 'string' && value !== '',
  );
  return options.length === 0 ? undefined : Object.fromEntries(options);
}

/** null is absent, wherever it stands but in lists. */
function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, isObject(value) ? withoutNulls(value) : value]),
  );
}

function isEmpty(value: Json | undefined): boolean {
  if (isList(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
