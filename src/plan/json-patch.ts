import jsonPatch from 'fast-json-patch';
import { isObject } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { listDifference } from './list-difference.ts';
import { isList, sameJson } from './same-json.ts';

/** RFC 6902. Never `test`, `copy` or `move`: what is added and taken out says all.
export type Operation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The operations that make `desired` out of `original`: as few and as deep as the change allows, the same for the same
 * input, and none for equal values. Subtrees that are the same reference in both are not walked.
 */
export function diff(original: Json, desired: Json): readonly Operation[] {
  const operations: Operation[] = [];
  difference(original, desired, '', operations);
  return operations;
}

function difference(original: Json, desired: Json, path: string, into: Operation[]): void {
  if (original === desired) return;
  if (isList(original) && isList(desired)) {
    listDifference(original, desired, path, into, difference);
  } else if (isObject(original) && isObject(desired)) {
    objectDifference(original, desired, path, into);
  } else if (!sameJson(original, desired)) {
    into.push({ op: 'replace', path, value: desired });
  }
}

function objectDifference(original: JsonObject, desired: JsonObject, path: string, into: Operation[]): void {
  const start = into.length;
  for (const key of Object.keys(original)) {
    if (original[key] === undefined || (Object.hasOwn(desired, key) && desired[key] !== undefined)) continue;
    into.push({ op: 'remove', path: `${path}/${escapePointer(key)}` });
    if (!isAddressable(key)) {
      replaceWhole(desired, path, into, start);
      return;
    }
  }
  for (const key of Object.keys(desired)) {
    const value = desired[key];
    if (value === undefined) continue;
    const before = Object.hasOwn(original, key) ? original[key] : undefined;
    if (before === value) continue;
    const seen = into.length;
    const memberPath = `${path}/${escapePointer(key)}`;
    if (before === undefined) into.push({ op: 'add', path: memberPath, value });
    else difference(before, value, memberPath, into);
    if (into.length > seen && !isAddressable(key)) {
      replaceWhole(desired, path, into, start);
      return;
    }
  }
}

/**
 * Patch libraries refuse paths through these keys (prototype pollution), and where one does not it may do harm. JSON
 * may hold them all the same, so a change below one is said as a replacement of the object that has the key.
 */
function isAddressable(key: string): boolean {
  return key !== '__proto__' && key !== 'prototype';
}

function replaceWhole(desired: JsonObject, path: string, into: Operation[], start: number): void {
  into.splice(start);
  into.push({ op: 'replace', path, value: desired });
}

/** RFC 6901 section 3. */
function escapePointer(key: string): string {
  return /[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}

function unescapePointer(key: string): string {
  return key.includes('~') ? key.replaceAll('~1', '/').replaceAll('~0', '~') : key;
}

/** What a receiver of the patch gets. `original` stays as it is: what the operations lead through is copied first. */
export function applyOperations(original: Json, operations: readonly Operation[]): Json {
  const copies = new Set<object>();
  let result = original;
  let copiedTo: string | undefined;
  for (const operation of operations) {
    // What changes one parent several times in a row finds it copied.
    const parent = operation.path.slice(0, Math.max(0, operation.path.lastIndexOf('/')));
    if (parent !== copiedTo) result = copyAlong(result, operation.path, copies);
    copiedTo = operation.path === '' ? undefined : parent;
    // Mutates the copies; no validation, since the operations are our own and the outcome is compared.
    result = jsonPatch.applyOperation(result, { ...operation }, false, true).newDocument;
  }
  return result;
}

function copyAlong(root: Json, path: string, copies: Set<object>): Json {
  const newRoot = copyOnce(root, copies);
  let parent = newRoot;
  for (let start = path.indexOf('/') + 1, end = path.indexOf('/', start); end > 0; end = path.indexOf('/', start)) {
    const key = unescapePointer(path.slice(start, end));
    start = end + 1;
    if (isMutableList(parent)) {
      const index = Number(key);
      const child = copyOnce(parent[index] ?? null, copies);
      parent[index] = child;
      parent = child;
    } else if (isMutableObject(parent)) {
      const child = copyOnce(parent[key] ?? null, copies);
      parent[key] = child;
      parent = child;
    }
  }
  return newRoot;
}

function copyOnce(value: Json, copies: Set<object>): Json {
  if (typeof value !== 'object' || value === null || copies.has(value)) return value;
  const copy = isList(value) ? [...value] : isObject(value) ? { ...value } : value;
  copies.add(copy);
  return copy;
}

function isMutableList(value: Json): value is Json[] {
  return isList(value);
}

function isMutableObject(value: Json): value is { [key: string]: Json } {
  return isObject(value);
}

/**
 * `diff`, proved: the operations are applied to the original and the outcome compared with what was wanted. A patch that
 * does not apply is a 500 whatever the failurePolicy says, and one that applies to something else is worse.
 */
export function checkedDiff(original: JsonObject, desired: JsonObject): readonly Operation[] {
  const operations = diff(original, desired);
  if (operations.length === 0) return operations;
  let outcome: Json;
  try {
    outcome = applyOperations(original, operations);
  } catch (cause) {
    throw new PatchMismatchError('cannot be applied to the object', operations, { cause });
  }
  if (!sameJson(outcome, desired)) throw new PatchMismatchError('does not give the object that was wanted', operations);
  return operations;
}

export class PatchMismatchError extends Error {
  override readonly name = 'PatchMismatchError';
  readonly operations: readonly Operation[];

  constructor(what: string, operations: readonly Operation[], options?: ErrorOptions) {
    super(
      `the patch that pgusher made ${what}, so it was not sent and the object was not changed. This is a fault of ` +
        'pgusher: please report it with the object (pgusher inject -f FILE -o patch shows it)',
      options,
    );
    this.operations = operations;
  }
}
