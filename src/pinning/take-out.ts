import { isList } from '../plan/same-json.ts';
import { isObject, listAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { Field, InjectedRevision } from './injection-record.ts';

/** Names that are ours alone; the checks refuse them in what a user writes. */
export function isOurName(name: string | undefined): boolean {
  return name !== undefined && (name === 'pgusher' || name.startsWith('pgusher-'));
}

/**
 * `sh /pgusher/bin/…`: what runs a script of ours is ours, edited by hand or not recorded as it may be; the checks refuse it in
 * what a user writes. Left behind, such a probe would kill a database that pgusher was taken out of.
 */
export function runsOurScript([program, script]: readonly Json[]): boolean {
  return program === 'sh' && typeof script === 'string' && script.startsWith('/pgusher/');
}

interface TakenOut {
  readonly rest: JsonObject;
  readonly ours: readonly JsonObject[];
}

/** `parent` without those items of the list at `key`; the same reference where there is none of them. */
export function takeOut(
  parent: JsonObject,
  key: Field,
  isTaken: (item: JsonObject) => boolean,
  revision: InjectedRevision | undefined,
): TakenOut {
  const ours: JsonObject[] = [];
  const theirs: Json[] = [];
  for (const item of listAt(parent, key)) {
    if (isObject(item) && isTaken(item)) ours.push(item);
    else theirs.push(item);
  }
  return { rest: ours.length === 0 ? parent : putBack(parent, key, theirs, key, revision), ours };
}

/** `parent` with what is left at `key`; where nothing is left, as it was before the injection. */
export function putBack(
  parent: JsonObject,
  key: string,
  left: JsonObject | readonly Json[],
  field: Field,
  revision: InjectedRevision | undefined,
): JsonObject {
  if (!isEmpty(left)) return { ...parent, [key]: left };
  if (revision?.null?.includes(field) === true) return { ...parent, [key]: null };
  // Without a record an empty list is more likely ours than the user's; to Kubernetes they are the same.
  const wasAbsent = revision === undefined || revision.absent?.includes(field) === true;
  return wasAbsent ? without(parent, key) : { ...parent, [key]: left };
}

export function without(parent: JsonObject, key: string): JsonObject {
  const { [key]: value, ...rest } = parent;
  return value === undefined ? parent : rest;
}

function isEmpty(value: JsonObject | readonly Json[]): boolean {
  return isList(value) ? value.length === 0 : Object.keys(value).length === 0;
}
