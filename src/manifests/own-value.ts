import type { Json, JsonObject } from '../workload/json.ts';

/** The value of a key of the object itself: a label may be called `constructor`. */
export function ownValue(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
