import { objectAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';

/** Labels or annotations of an object. Values that are no text are passed over; the apiserver refuses such an object itself. */
export function metadataTexts(object: JsonObject, key: 'labels' | 'annotations'): Readonly<Record<string, string>> {
  const map = objectAt(objectAt(object, 'metadata'), key);
  if (isTextMap(map)) return map;
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isTextMap(map: JsonObject): map is Readonly<Record<string, string>> {
  return Object.values(map).every((value) => typeof value === 'string');
}
