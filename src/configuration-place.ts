import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { Document, LineCounter } from 'yaml';

/** Counted from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Tells where a value stands: at its key or its entry of a list. Of one that is not written, the nearest around it that is. */
export function placesIn(document: Document, lines: LineCounter): (path: readonly PropertyKey[]) => Place {
  return (path) => {
    let node: unknown = document.contents;
    let offset = startOf(node);
    for (const step of path) {
      const parent = isAlias(node) ? node.resolve(document) : node;
      if (isMap(parent)) {
        const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        if (pair === undefined) break;
        offset = startOf(pair.key);
        node = pair.value;
      } else {
        const item = isSeq(parent) ? parent.items[Number(step)] : undefined;
        if (item === undefined) break;
        offset = startOf(item);
        node = item;
      }
    }
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
