import { isAlias, isCollection, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { YAMLMap, YAMLSeq } from 'yaml';
import { sameJson } from '../plan/same-json.ts';
import { isList, isObject } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { alignLists } from './align-lists.ts';
import { anchorsIn, changingAnchor, holdsAlias } from './expand-aliases.ts';
import { blockItem, blockPair, inline, pairValue } from './layout.ts';
import type { Place } from './layout.ts';
import { columnOf, isFirstOnLine, lineAfter, lineStart } from './text-edit.ts';
import type { TextEdit } from './text-edit.ts';
import { editFlowMap, editFlowSeq } from './edit-flow.ts';
import { dashOffset, isRanged, itemEnd, pairsOf } from './node-places.ts';
import type { PlacedPair } from './node-places.ts';
import { losesMergedKey, mergedValue } from './merged-value.ts';
import { noteOf, notedText } from './noted-value.ts';
import { ownValue } from './own-value.ts';

/**
 * The edits of the source that turn a node with the value `before` into one with the value `after`, touching no line
 * that does not have to change. Undefined: this node has to be written anew by whoever holds it.
 */
export function editNode(place: Place, node: unknown, before: Json, after: Json): readonly TextEdit[] | undefined {
  const edits = editsOf(place, node, before, after);
  // Where only aliases in it are written out, its value is the same as before.
  if (!isNode(node) || isAlias(node) || node.anchor === undefined || sameJson(before, after)) return edits;
  return changingAnchor(edits, node.anchor);
}

function editsOf(place: Place, node: unknown, before: Json, after: Json): readonly TextEdit[] | undefined {
  const isExpanded = place.expanded.size > 0 && isNode(node) && holdsAlias(node, place.expanded);
  if (!isExpanded && sameJson(before, after)) return [];
  if (isMap(node) && isObject(before) && isObject(after) && Object.keys(after).length > 0) {
    return node.flow === true ? editFlowMap(place, node, before, after) : editBlockMap(place, node, before, after);
  }
  if (isSeq(node) && isList(before) && isList(after) && after.length > 0) {
    return node.flow === true ? editFlowSeq(place, node, before, after) : editBlockSeq(place, node, before, after);
  }
  return editInline(place, node, after);
}

/** What is written on one line and stays so: the rest of its line, a comment say, is left alone. */
function editInline(place: Place, node: unknown, after: Json): readonly TextEdit[] | undefined {
  const isInline = isAlias(node) || (isScalar(node) && node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED');
  const isFlow = (isMap(node) || isSeq(node)) && node.flow === true;
  if (!(isInline || isFlow) || !isRanged(node)) return undefined;
  const text = inline(after, place.layout, node);
  const [start, end] = node.range;
  // An empty value has no place of its own: `key:` needs the space too.
  return text === undefined || start === end ? undefined : [{ start, end, text }];
}

function editBlockMap(
  place: Place,
  map: YAMLMap,
  before: JsonObject,
  after: JsonObject,
): readonly TextEdit[] | undefined {
  const pairs = pairsOf(map);
  const last = pairs?.at(-1);
  if (pairs === undefined || last === undefined) return undefined;
  const edits: TextEdit[] = [];
  const own = new Set(pairs.map((pair) => pair.key));
  if (losesMergedKey(own, before, after)) return undefined;

  for (const [index, pair] of pairs.entries()) {
    const was = ownValue(before, pair.key);
    const wanted = ownValue(after, pair.key);
    if (was === undefined) continue;
    const goes = wanted === undefined || comesBack(place, map, pair.key, was, wanted);
    const edit = goes ? removePair(place, pairs, index) : editPair(place, pair, was, wanted);
    if (edit === undefined) return undefined;
    edits.push(...edit);
  }
  const column = columnOf(place.source, last.keyStart);
  const added = Object.keys(after).filter(
    (key) => !own.has(key) && !sameJson(ownValue(before, key), ownValue(after, key)),
  );
  const at = lineAfter(place.source, last.end);
  const text = added.map((key) => blockPair(key, ownValue(after, key) ?? null, column, place.layout)).join('');
  return text === '' ? edits : [...edits, { start: at, end: at, text }];
}

/** Without the mapping's own key, the value that is wanted comes through `<<` again, as before an override of ours. */
function comesBack(place: Place, map: YAMLMap, key: string, was: Json, wanted: Json): boolean {
  return !sameJson(was, wanted) && sameJson(mergedValue(place.document, map, key), wanted);
}

function editPair(place: Place, pair: PlacedPair, was: Json, wanted: Json): readonly TextEdit[] {
  const { source, layout } = place;
  const end = lineAfter(source, pair.end);
  const valueStart = pair.colon + 1;
  const anchors = anchorsIn(pair.value);
  const isChanged = !sameJson(was, wanted);
  const noted = isChanged ? notedText(place, pair, wanted) : undefined;
  if (noted !== undefined) return [{ start: valueStart, end, text: noted + layout.lineBreak, anchors }];
  const note = isChanged ? noteOf(place, pair, was) : undefined;
  if (note !== undefined && isCollection(pair.value) && pair.value.items.length > 0) {
    const edits = editNode(place, pair.value, was, wanted);
    if (edits !== undefined) return [...edits, { start: pair.end, end, text: note + layout.lineBreak }];
  }
  const goesNull = isChanged && wanted === null && layout.language === 'yaml';
  if (note === undefined && !goesNull) {
    const edits = editNode(place, pair.value, was, wanted);
    if (edits !== undefined) return edits;
  }
  // The key stays as it is written, and so does a comment on its line: only the value is new.
  // Nothing is written for null: charts leave `annotations:` behind, hardly anybody writes the word.
  const written = wanted === null ? `:${layout.lineBreak}` : pairValue(wanted, columnOf(source, pair.keyStart), layout);
  const firstLine = source.slice(valueStart, lineAfter(source, valueStart));
  const isOneLine = !source.slice(valueStart, pair.end).includes('\n');
  const comment = note !== undefined ? note + layout.lineBreak : isOneLine ? source.slice(pair.end, end) : firstLine;
  if (!/^\s*#/.test(comment)) return [{ start: valueStart, end, text: written.slice(1), anchors }];
  const firstBreak = written.indexOf(layout.lineBreak);
  const text = written.slice(1, firstBreak) + comment + written.slice(firstBreak + layout.lineBreak.length);
  return [{ start: valueStart, end, text, anchors }];
}

function removePair(place: Place, pairs: readonly PlacedPair[], index: number): readonly TextEdit[] | undefined {
  const pair = pairs[index];
  if (pair === undefined) return undefined;
  const { source } = place;
  const anchors = anchorsIn(pair.value);
  if (isFirstOnLine(source, pair.keyStart)) {
    return [{ start: lineStart(source, pair.keyStart), end: lineAfter(source, pair.end), text: '', anchors }];
  }
  // `- first: …`: the next key moves up to the dash.
  const next = pairs[index + 1];
  return next === undefined ? undefined : [{ start: pair.keyStart, end: next.keyStart, text: '', anchors }];
}

function editBlockSeq(
  place: Place,
  sequence: YAMLSeq,
  before: readonly Json[],
  after: readonly Json[],
): readonly TextEdit[] | undefined {
  const { source, layout } = place;
  const firstDash = dashOffset(sequence, 0);
  if (firstDash === undefined || !isFirstOnLine(source, firstDash)) return undefined;
  const column = columnOf(source, firstDash);
  const edits: TextEdit[] = [];
  let at = lineStart(source, firstDash);
  for (const item of alignLists(before, after)) {
    const wanted = item.after === undefined ? undefined : after[item.after];
    if (item.before === undefined) {
      edits.push({ start: at, end: at, text: blockItem(wanted ?? null, column, layout) });
      continue;
    }
    const dash = dashOffset(sequence, item.before);
    if (dash === undefined) return undefined;
    const start = lineStart(source, dash);
    const end = lineAfter(source, itemEnd(sequence, item.before));
    const anchors = anchorsIn(sequence.items[item.before]);
    if (wanted === undefined) {
      edits.push({ start, end, text: '', anchors });
    } else {
      const edit = editNode(place, sequence.items[item.before], before[item.before] ?? null, wanted);
      edits.push(...(edit ?? [{ start, end, text: blockItem(wanted, column, layout), anchors }]));
    }
    at = end;
  }
  return edits;
}
