import { isAlias, isCollection, isNode, isScalar, parseDocument } from 'yaml';
import { sameJson } from '../plan/same-json.ts';
import type { Json } from '../workload/json.ts';
import { inline } from './layout.ts';
import type { Place } from './layout.ts';
import type { PlacedPair } from './node-places.ts';
import { isRanged } from './node-places.ts';
import { jsonFromYaml, readOptions } from './yaml-dialect.ts';

/**
 * What stood behind a key and cannot be told from its value: `lifecycle: ~`, `initContainers: [ ]`, a grace period of `0x1e`. Where it is
 * replaced, the line says so in a comment, and taking the change out again gives it back to the byte.
 */
const note = ' # pgusher: was';

/** The text behind the colon, as a comment for the line that comes in its place; undefined where none is needed. */
export function noteOf({ source, layout }: Place, pair: PlacedPair, was: Json): string | undefined {
  const { value, colon, end } = pair;
  if (layout.language === 'json' || isAlias(value) || (isNode(value) && value.anchor !== undefined)) return undefined;
  const isEmpty = was === null || (isCollection(value) && value.items.length === 0);
  const text = source.slice(colon + 1, end);
  if (text.includes('\n')) return undefined;
  if (!isEmpty && isCollection(value))
    return value.flow === true && nullInFlow.test(text) ? note + lineRest(source, colon + 1) : undefined;
  const own = isScalar(value) && isRanged(value) ? source.slice(value.range[0], value.range[1]) : undefined;
  const rewritten = inline(was, layout, value);
  const isPlain = isEmpty ? text === (was === null ? '' : ` ${rewritten ?? ''}`) : own === rewritten;
  // Trailing space that is no part of a comment would go with the value.
  const isBare = isEmpty && /^[ \t]+$/.test(lineRest(source, end));
  const isTagged = isNode(value) && value.tag !== undefined && text.includes('!');
  return isPlain && !isBare && !isTagged ? undefined : note + lineRest(source, colon + 1);
}

/** `{preStop: ~}`, `{preStop: }`: null comes back as the word, and where it stood may be anywhere in it. */
const nullInFlow = /[:,[{]\s*(~|null|Null|NULL|(?=[,}]))\s*[,}\]]/;

/** What the line of a key says that stood behind the colon, where that reads as `wanted`. */
export function notedText({ source }: Place, { colon }: PlacedPair, wanted: Json): string | undefined {
  const line = lineRest(source, colon + 1);
  const at = line.indexOf(note);
  if (at < 0) return undefined;
  const text = line.slice(at + note.length);
  const document = parseDocument(`k:${text}\n`, readOptions);
  if (document.errors.length > 0) return undefined;
  return sameJson(jsonFromYaml(document.toJS()), { k: wanted }) ? text : undefined;
}

/** To the end of the line, without its break. */
function lineRest(source: string, from: number): string {
  return /^[^\r\n]*/.exec(source.slice(from, from + longest))?.[0] ?? '';
}

/** Longer than any line that is worth a note. */
const longest = 10_000;
