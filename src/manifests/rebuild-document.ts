import { isMap, isNode, isPair, isScalar, isSeq } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { isList, isObject } from '../workload/json.ts';
import type { Json } from '../workload/json.ts';
import { alignLists } from './align-lists.ts';
import { indentation } from './layout.ts';
import type { Layout } from './layout.ts';
import { writeOptions, yamlFromJson } from './yaml-dialect.ts';
import { ownValue } from './own-value.ts';

/**
 * The document as text with the value `after`: nodes that need no change are kept with their comments, aliases and merge
 * keys are written out, and the YAML library does the layout. For what cannot be edited line by line.
 */
export function rebuildDocument(document: Document, before: Json, after: Json, layout: Layout): string {
  const rebuilt = document.clone();
  rebuilt.contents = rebuild(rebuilt, rebuilt.contents, before, after);
  const text = rebuilt.toString({ ...writeOptions, ...indentation(layout) });
  return text.replaceAll('\n', layout.lineBreak);
}

function rebuild(document: Document, node: unknown, before: Json | undefined, after: Json): Node {
  if (isMap(node) && isObject(before) && isObject(after)) {
    const own = new Map(
      node.items.filter(isPair).map((pair) => [String(isNode(pair.key) ? pair.key.toJSON() : pair.key), pair]),
    );
    node.items = Object.entries(after).map(([key, value]): Pair => {
      const pair = own.get(key);
      const rebuilt = rebuild(document, pair?.value, ownValue(before, key), value ?? null);
      return pair === undefined ? document.createPair(key, rebuilt) : Object.assign(pair, { value: rebuilt });
    });
    delete node.anchor;
    return node;
  }
  if (isSeq(node) && isList(before) && isList(after)) {
    const items = node.items;
    node.items = alignLists(before, after).flatMap((item) => {
      if (item.after === undefined) return [];
      const was = item.before === undefined ? undefined : before[item.before];
      return [
        rebuild(document, item.before === undefined ? undefined : items[item.before], was, after[item.after] ?? null),
      ];
    });
    delete node.anchor;
    return node;
  }
  const isKept = isScalar(node) && before === after;
  if (!isKept) return document.createNode(yamlFromJson(after));
  delete node.anchor;
  return node;
}
