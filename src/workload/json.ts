/**
 * The raw JSON that a StatefulSet is made of, and accessors that survive what real manifests contain:
 * missing arrays, wrong types, unknown fields. The core never parses an object into a typed copy, because a
 * typed round trip drops the fields that it does not know.
 */

declare global {
  /** ECMAScript "JSON.parse source text access", in Node since 22; TypeScript 6 has no types for it. */
  interface JSON {
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
  }
}

/** A number that JavaScript cannot hold; it is written back exactly as it was read. See admission/read-json.ts. */
export interface RawNumber {
  readonly rawJSON: string;
}

export type Json = string | number | boolean | null | RawNumber | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  // A raw number has no prototype (ECMAScript, JSON.rawJSON). Asked first since the prototype is at hand, while isRawJSON leaves the
  // engine's compiled code at each call, and looking for a key costs three times as much on objects of many shapes.
  return value instanceof Object || !JSON.isRawJSON(value);
}

const nothing: JsonObject = Object.freeze({});

/** The object at `key`, or an empty one where there is none (or something else). */
export function objectAt(parent: JsonObject | undefined, key: string): JsonObject {
  const value = parent !== undefined && Object.hasOwn(parent, key) ? parent[key] : undefined;
  return isObject(value) ? value : nothing;
}

/** `Array.isArray` narrows a readonly list to `any[]`; this keeps the items' type. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

const noItems: readonly never[] = Object.freeze([]);

/** The list at `key`, or an empty one. */
export function listAt(parent: JsonObject | undefined, key: string): readonly Json[] {
  const value = parent !== undefined && Object.hasOwn(parent, key) ? parent[key] : undefined;
  return isList(value) ? value : noItems;
}

/** The objects in the list at `key`; anything in it that is not an object is passed over. Nearly always that is nothing, and the list itself will do. */
export function objectsAt(parent: JsonObject | undefined, key: string): readonly JsonObject[] {
  const list = listAt(parent, key);
  return isListOfObjects(list) ? list : list.filter(isObject);
}

function isListOfObjects(list: readonly Json[]): list is readonly JsonObject[] {
  return list.every(isObject);
}

/** The text at `key`; undefined where there is none or it is no text. */
export function textAt(parent: JsonObject | undefined, key: string): string | undefined {
  const value = parent !== undefined && Object.hasOwn(parent, key) ? parent[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The number at `key`; undefined where there is none or it is no number. Text that looks like one does not count. */
export function numberAt(parent: JsonObject | undefined, key: string): number | undefined {
  const value = parent !== undefined && Object.hasOwn(parent, key) ? parent[key] : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** The texts in the list at `key`; anything else in it is passed over. */
export function textsAt(parent: JsonObject | undefined, key: string): readonly string[] {
  const list = listAt(parent, key);
  return isListOfTexts(list) ? list : list.filter((item) => typeof item === 'string');
}

function isListOfTexts(list: readonly Json[]): list is readonly string[] {
  return list.every((item) => typeof item === 'string');
}

/** The texts in the object at `key`, such as labels; anything else in it is passed over. Nearly always that is nothing, and the object itself will do. */
export function textMapAt(parent: JsonObject | undefined, key: string): Readonly<Record<string, string>> {
  const map = objectAt(parent, key);
  if (isTextMap(map)) return map;
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isTextMap(map: JsonObject): map is Readonly<Record<string, string>> {
  return Object.values(map).every((value) => typeof value === 'string');
}
