import { isMap, isPair, isScalar, isSeq } from 'yaml';
import type { YAMLMap, YAMLSeq } from 'yaml';

/** A pair of a mapping and where it stands in the source. */
export interface PlacedPair {
  readonly key: string;
  readonly value: unknown;
  readonly keyStart: number;
  readonly colon: number;
  /** Behind the last character of the value; of the colon where there is no value. */
  readonly end: number;
}

/** The pairs that are written in the mapping itself, in order. Undefined: it has keys that are no plain text (`? key`). */
export function pairsOf(map: YAMLMap): readonly PlacedPair[] | undefined {
  const pairs: PlacedPair[] = [];
  for (const pair of map.items) {
    const { key, value, srcToken } = pair;
    const colon = srcToken?.sep?.find((token) => token.type === 'map-value-ind');
    if (!isScalar(key) || !isRanged(key) || colon === undefined) return undefined;
    if (srcToken?.start.some((token) => token.type === 'explicit-key-ind') === true) return undefined;
    pairs.push({
      key: typeof key.value === 'symbol' ? '<<' : String(key.value),
      value,
      keyStart: key.range[0],
      colon: colon.offset,
      end: Math.max(nodeEnd(value) ?? 0, colon.offset + 1),
    });
  }
  return pairs;
}

/** Offset of the `-` of an item of a block sequence. */
export function dashOffset(sequence: YAMLSeq, index: number): number | undefined {
  const token = sequence.srcToken;
  if (token?.type !== 'block-seq') return undefined;
  return token.items[index]?.start.find((part) => part.type === 'seq-item-ind')?.offset;
}

export function isRanged(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

/** Behind the last character of an item of a block sequence. */
export function itemEnd(sequence: YAMLSeq, index: number): number {
  return Math.max(nodeEnd(sequence.items[index]) ?? 0, (dashOffset(sequence, index) ?? 0) + 1);
}

/**
 * Behind the last character of a node. The range of a block collection runs on over the comments that follow it, so its
 * end is that of its last item.
 */
function nodeEnd(node: unknown): number | undefined {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    if (isPair(last)) return nodeEnd(last.value) ?? nodeEnd(last.key);
  }
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return itemEnd(node, node.items.length - 1);
  // A value that is not there (`key: # comment`) is placed behind the comment.
  return isRanged(node) && node.range[0] < node.range[1] ? node.range[1] : undefined;
}
