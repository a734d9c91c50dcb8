import { isObject, objectAt } from '../workload/json.ts';
import type { Json } from '../workload/json.ts';
import { sameJson } from '../plan/same-json.ts';

/** An item that is in both lists (`before` and `after` are set), was taken out, or was put in. */
export interface AlignedItem {
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/**
 * Which items of two lists belong together, in the order of reading. Items are common where they are equal or go by the
 * same name, as Kubernetes merges lists; so an insertion is seen as one, and an edit is made inside its item.
 */
export function alignLists(before: readonly Json[], after: readonly Json[]): readonly AlignedItem[] {
  const common = (i: number, j: number): boolean => isSameItem(before[i], after[j]);
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && common(head, head)) head++;
  let tail = 0;
  while (tail < shorter - head && common(before.length - 1 - tail, after.length - 1 - tail)) tail++;

  const pairs = (from: number, to: number, shift: number): AlignedItem[] =>
    Array.from({ length: to - from }, (_, index) => ({ before: from + index, after: from + index + shift }));
  return [
    ...pairs(0, head, 0),
    ...alignMiddle(head, before.length - tail, after.length - tail, common),
    ...pairs(before.length - tail, before.length, after.length - before.length),
  ];
}

/** Longest common subsequence of what is left between a common head and a common tail. */
function alignMiddle(
  head: number,
  beforeEnd: number,
  afterEnd: number,
  common: (i: number, j: number) => boolean,
): AlignedItem[] {
  const lengths = new Map<string, number>();
  const lengthAt = (i: number, j: number): number => lengths.get(`${i},${j}`) ?? 0;
  for (let i = beforeEnd - 1; i >= head; i--) {
    for (let j = afterEnd - 1; j >= head; j--) {
      const length = common(i, j) ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
      lengths.set(`${i},${j}`, length);
    }
  }
  const aligned: AlignedItem[] = [];
  let i = head;
  let j = head;
  while (i < beforeEnd || j < afterEnd) {
    if (i < beforeEnd && j < afterEnd && common(i, j)) {
      aligned.push({ before: i++, after: j++ });
    } else if (i < beforeEnd && (j === afterEnd || lengthAt(i + 1, j) >= lengthAt(i, j + 1))) {
      aligned.push({ before: i++, after: undefined });
    } else {
      aligned.push({ before: undefined, after: j++ });
    }
  }
  return aligned;
}

function isSameItem(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b) return true;
  const identity = identityOf(a);
  return identity === undefined ? sameJson(a, b) : identity === identityOf(b);
}

/** What tells an item of a Kubernetes list from the others; undefined where nothing does. */
function identityOf(item: Json): string | undefined {
  if (!isObject(item)) return undefined;
  const { namespace, name } = objectAt(item, 'metadata');
  const parts = [item['kind'], namespace, name, item['name'], item['mountPath'], item['containerPort']];
  return parts.some((part) => part !== undefined) ? JSON.stringify(parts) : undefined;
}
