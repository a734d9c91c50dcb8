import { isObject } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { Operation } from './json-patch.ts';
import { claimTemplateKey, mountPathKey, nameKey, portKey } from './named-list.ts';
import type { KeyOf } from './named-list.ts';
import { isList, sameJson } from './same-json.ts';

type Difference = (original: Json, desired: Json, path: string, into: Operation[]) => void;

/**
 * How one list becomes the other. Lists of named objects by name, so that an insertion is one `add` and a change inside
 * an item is said inside that item; other lists by what is left when equal ends are taken off.
 */
export function listDifference(
  original: readonly Json[],
  desired: readonly Json[],
  path: string,
  into: Operation[],
  difference: Difference,
): void {
  const start = commonStart(original, desired);
  if (start === original.length && start === desired.length) return;
  const end = commonEnd(original, desired, start);
  const before = original.slice(start, original.length - end);
  const after = desired.slice(start, desired.length - end);
  const names = commonNames(before, after);

  if (names !== undefined && !keepsOrder(names)) {
    into.push({ op: 'replace', path, value: desired });
  } else if (names !== undefined) {
    const length = removeGone(names, start, original.length, path, into);
    addNew(names, start, length, path, into);
    changeKept(names, start, path, into, difference);
  } else if (Math.max(before.length, after.length) > 1 && [...before, ...after].every(isScalar)) {
    // Arguments and the like: Kubernetes takes such a list as one value, and one operation is shorter than several.
    into.push({ op: 'replace', path, value: desired });
  } else if (before.length === after.length) {
    after.forEach((item, index) => {
      difference(before[index] ?? null, item, `${path}/${start + index}`, into);
    });
  } else if (before.length === 0) {
    after.forEach((value, index) => {
      into.push({ op: 'add', path: end === 0 ? `${path}/-` : `${path}/${start + index}`, value });
    });
  } else if (after.length === 0) {
    // From the back, so that the indexes in front stay what they are.
    for (let index = original.length - end - 1; index >= start; index -= 1)
      into.push({ op: 'remove', path: `${path}/${index}` });
  } else {
    into.push({ op: 'replace', path, value: desired });
  }
}

function commonStart(original: readonly Json[], desired: readonly Json[]): number {
  const shorter = Math.min(original.length, desired.length);
  let start = 0;
  while (start < shorter && sameJson(original[start], desired[start])) start += 1;
  return start;
}

function commonEnd(original: readonly Json[], desired: readonly Json[], start: number): number {
  const most = Math.min(original.length, desired.length) - start;
  let end = 0;
  while (end < most && sameJson(original.at(-1 - end), desired.at(-1 - end))) end += 1;
  return end;
}

function isScalar(value: Json): boolean {
  return !isList(value) && !isObject(value);
}

/** Both lists by the names of their items, in their order. */
interface Names {
  readonly before: ReadonlyMap<string, JsonObject>;
  readonly after: ReadonlyMap<string, JsonObject>;
}

const keys: readonly KeyOf[] = [mountPathKey, portKey, nameKey, claimTemplateKey];

/** undefined where there is no key that all items have and no two share. */
function commonNames(before: readonly Json[], after: readonly Json[]): Names | undefined {
  for (const keyOf of keys) {
    const old = byKey(before, keyOf);
    const wanted = old === undefined ? undefined : byKey(after, keyOf);
    if (old !== undefined && wanted !== undefined) return { before: old, after: wanted };
  }
  return undefined;
}

function byKey(items: readonly Json[], keyOf: KeyOf): Map<string, JsonObject> | undefined {
  const result = new Map<string, JsonObject>();
  for (const item of items) {
    const key = isObject(item) ? keyOf(item) : undefined;
    if (key === undefined || !isObject(item) || result.has(key)) return undefined;
    result.set(key, item);
  }
  return result;
}

/** What is in both has one order in both; otherwise removals and additions cannot say it. */
function keepsOrder({ before, after }: Names): boolean {
  const kept = [...before.keys()].filter((key) => after.has(key));
  const wanted = [...after.keys()].filter((key) => before.has(key));
  return kept.every((key, index) => key === wanted[index]);
}

/** Returns how long the list is then. */
function removeGone({ before, after }: Names, start: number, length: number, path: string, into: Operation[]): number {
  const gone = [...before.keys()].flatMap((key, index) => (after.has(key) ? [] : [start + index]));
  for (const index of gone.reverse()) into.push({ op: 'remove', path: `${path}/${index}` });
  return length - gone.length;
}

function addNew({ before, after }: Names, start: number, length: number, path: string, into: Operation[]): void {
  let index = start;
  let end = length;
  for (const [key, value] of after) {
    if (!before.has(key)) {
      into.push({ op: 'add', path: index === end ? `${path}/-` : `${path}/${index}`, value });
      end += 1;
    }
    index += 1;
  }
}

function changeKept(
  { before, after }: Names,
  start: number,
  path: string,
  into: Operation[],
  difference: Difference,
): void {
  let index = start;
  for (const [key, value] of after) {
    const was = before.get(key);
    if (was !== undefined) difference(was, value, `${path}/${index}`, into);
    index += 1;
  }
}
