import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { Document, YAMLMap } from 'yaml';
import { isObject } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { ownValue } from './own-value.ts';
import { jsonFromYaml } from './yaml-dialect.ts';

/** What came through `<<` can be overridden by a key of the mapping's own (`own`), never taken away. */
export function losesMergedKey(own: ReadonlySet<string>, before: JsonObject, after: JsonObject): boolean {
  return Object.keys(before).some((key) => !own.has(key) && ownValue(after, key) === undefined);
}

/** What a key of a mapping would be through `<<: *name` if the mapping did not have it itself. Undefined: nothing. */
export function mergedValue(document: Document, map: YAMLMap, key: string): Json | undefined {
  for (const pair of map.items) {
    // The YAML library keeps the key `<<` as a symbol, so that it is not taken for text.
    if (!isScalar(pair.key) || typeof pair.key.value !== 'symbol') continue;
    for (const source of isSeq(pair.value) ? pair.value.items : [pair.value]) {
      const node = isAlias(source) ? source.resolve(document) : source;
      const value = isNode(node) && isMap(node) ? jsonFromYaml(node.toJS(document)) : null;
      const found = isObject(value) ? ownValue(value, key) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
