import type { CreateNodeOptions, DocumentOptions, ParseOptions, SchemaOptions, Tags, ToStringOptions } from 'yaml';
import type { Json } from '../workload/json.ts';
import { isObject } from '../workload/json.ts';

/**
 * Tags that the YAML reader of kubectl does not know (it keeps such values as text): times, base-60 numbers, and the
 * collections of YAML 1.1. Octal `0644` and `on`/`off` it does read as a number and booleans.
 */
const unknownToKubectl = /:(binary|omap|pairs|set|timestamp)$/;

function tagsOfKubectl(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === 'string' || (!unknownToKubectl.test(tag.tag) && tag.format !== 'TIME'));
}

/** How kubectl reads a manifest: YAML 1.1, with integers of any size. `compat` quotes what YAML 1.2 would misread. */
export const readOptions: ParseOptions & DocumentOptions & SchemaOptions & CreateNodeOptions = {
  schema: 'yaml-1.1',
  customTags: tagsOfKubectl,
  merge: true,
  compat: 'core',
  intAsBigInt: true,
  keepSourceTokens: true,
  aliasDuplicateObjects: false,
};

/** Long lines stay whole, and text of several lines is printed as it is (`|`), since people read it in `kubectl get -o yaml`. */
export const writeOptions: ToStringOptions = { lineWidth: 0, blockQuote: 'literal' };

/** What the YAML library gives as JavaScript → JSON; integers that a JavaScript number cannot hold stay as written. */
export function jsonFromYaml(value: unknown): Json {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : JSON.rawJSON(value.toString());
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`${value} is not a number that JSON has`);
    return value;
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(jsonFromYaml);
  if (typeof value === 'object' && value !== null) {
    // fromEntries defines own properties, so a key named __proto__ is a key like any other.
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonFromYaml(item)]));
  }
  return null;
}

/** JSON → what the YAML library writes: raw integers become bigints. */
export function yamlFromJson(value: Json | undefined): unknown {
  if (JSON.isRawJSON(value)) {
    return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : Number(value.rawJSON);
  }
  if (Array.isArray(value)) return value.map(yamlFromJson);
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, yamlFromJson(item)]));
  }
  return value;
}
