import { isPair } from 'yaml';
import type { YAMLMap, YAMLSeq } from 'yaml';
import { sameJson } from '../plan/same-json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { alignLists } from './align-lists.ts';
import { editNode } from './edit-node.ts';
import { anchorsIn } from './expand-aliases.ts';
import { flow, flowPair } from './layout.ts';
import type { Place } from './layout.ts';
import { losesMergedKey } from './merged-value.ts';
import { isRanged, pairsOf } from './node-places.ts';
import { columnOf, isFirstOnLine } from './text-edit.ts';
import type { TextEdit } from './text-edit.ts';
import { ownValue } from './own-value.ts';

/** One entry of a flow collection, `{a: 1}` or `[a]`, as it is now and as it is wanted. */
interface FlowEntry {
  /** Where it stands; undefined: it is new. */
  readonly range: { readonly start: number; readonly end: number } | undefined;
  /** What stands there. */
  readonly node?: unknown;
  /** The edits inside it; undefined with a range: it goes. */
  readonly edits: readonly TextEdit[] | undefined;
  /** How it is written where it is new. */
  write(column: number | undefined): string;
}

/** As `editNode`, for `{…}`. */
export function editFlowMap(
  place: Place,
  map: YAMLMap,
  before: JsonObject,
  after: JsonObject,
): readonly TextEdit[] | undefined {
  const pairs = pairsOf(map);
  if (pairs === undefined) return undefined;
  const own = new Set(pairs.map((pair) => pair.key));
  if (losesMergedKey(own, before, after)) return undefined;
  const present = pairs.map((pair): FlowEntry | undefined => {
    const was = ownValue(before, pair.key);
    const wanted = ownValue(after, pair.key);
    const range = { start: pair.keyStart, end: pair.end };
    if (was === undefined) return { range, edits: [], write: () => '' };
    if (wanted === undefined) {
      return { range, node: pair.value, edits: undefined, write: () => '' };
    }
    const value = { start: pair.colon + 1, end: pair.end };
    const edits = editNode(place, pair.value, was, wanted);
    return {
      range,
      edits: edits ?? [{ ...value, text: ` ${flow(wanted, place.layout, undefined)}`, anchors: anchorsIn(pair.value) }],
      write: () => '',
    };
  });
  const added = Object.keys(after)
    .filter((key) => !own.has(key) && !sameJson(ownValue(before, key), ownValue(after, key)))
    .map((key): FlowEntry => ({
      range: undefined,
      edits: undefined,
      write: (column) => flowPair(key, ownValue(after, key) ?? null, place.layout, column),
    }));
  return editFlow(place, map, [...present.filter((entry) => entry !== undefined), ...added]);
}

/** As `editNode`, for `[…]`. */
export function editFlowSeq(
  place: Place,
  sequence: YAMLSeq,
  before: readonly Json[],
  after: readonly Json[],
): readonly TextEdit[] | undefined {
  const entries: FlowEntry[] = [];
  for (const item of alignLists(before, after)) {
    const wanted = item.after === undefined ? undefined : (after[item.after] ?? null);
    const write = (column: number | undefined): string => flow(wanted ?? null, place.layout, column);
    if (item.before === undefined) {
      entries.push({ range: undefined, edits: undefined, write });
      continue;
    }
    const node = sequence.items[item.before];
    if (!isRanged(node) || isPair(node)) return undefined;
    const range = { start: node.range[0], end: node.range[1] };
    const edits =
      wanted === undefined
        ? undefined
        : (editNode(place, node, before[item.before] ?? null, wanted) ?? [
            { ...range, text: write(undefined), anchors: anchorsIn(node) },
          ]);
    entries.push({ range, node, edits, write });
  }
  return editFlow(place, sequence, entries);
}

/** Puts the entries together: what goes takes its comma along, what comes brings one. */
function editFlow(
  place: Place,
  node: YAMLMap | YAMLSeq,
  entries: readonly FlowEntry[],
): readonly TextEdit[] | undefined {
  if (!isRanged(node)) return undefined;
  const stays = entries.filter((entry) => entry.range !== undefined && entry.edits !== undefined);
  const first = stays[0]?.range;
  // Nothing of it stays: whoever holds it writes it anew.
  if (first === undefined) return undefined;
  const { source, layout } = place;
  // Where an entry starts a line of its own, new ones do so too, at the same column.
  const lineStarter = stays.find((entry) => entry.range !== undefined && isFirstOnLine(source, entry.range.start));
  const column = lineStarter?.range === undefined ? undefined : columnOf(source, lineStarter.range.start);
  const separator = column === undefined ? ', ' : `,${layout.lineBreak}${' '.repeat(column)}`;

  const edits: TextEdit[] = [];
  let previousEnd: number | undefined;
  for (const [index, entry] of entries.entries()) {
    if (entry.range === undefined) {
      const at = previousEnd ?? first.start;
      edits.push({
        start: at,
        end: at,
        text: previousEnd === undefined ? entry.write(column) + separator : separator + entry.write(column),
      });
    } else if (entry.edits !== undefined) {
      edits.push(...entry.edits);
      previousEnd = entry.range.end;
    } else {
      const anchors = anchorsIn(entry.node);
      const next = entries.slice(index + 1).find((other) => other.range !== undefined)?.range;
      if (previousEnd !== undefined)
        edits.push({ start: previousEndOf(entries, index), end: entry.range.end, text: '', anchors });
      else if (next !== undefined) edits.push({ start: entry.range.start, end: next.start, text: '', anchors });
    }
  }
  return edits;
}

/** Where the entry in front of this one ends, whether it stays or goes. */
function previousEndOf(entries: readonly FlowEntry[], index: number): number {
  return entries.slice(0, index).findLast((entry) => entry.range !== undefined)?.range?.end ?? 0;
}
