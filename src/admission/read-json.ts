import { tooDeep } from './json-depth.ts';
import { jsonErrorOffset } from './json-error.ts';

/** `message` completes the sentence "the body …", one line, and names the place. */
export type ReadJson =
  { readonly kind: 'json'; readonly value: unknown } | { readonly kind: 'not-json'; readonly message: string };

/**
 * A number literal that may lose something as a double: 16 characters of digits or more (2^53 has 16 digits), or a power of
 * ten of three digits (1e309 is Infinity, which JSON.stringify writes as null). Inside a text such a run hits only behind `:`, `,`,
 * `[` or white space, and then costs time, nothing else.
 */
const perhapsLossyNumber = /[:,[\s]-?(?:\d[\d.]{15}|\d[\d.]*[eE]\+?\d{3})/;

/** What every number with such a power has in it, and a review mostly has not: a quarter of the time of the expression above. */
const greatPower = /\d[eE]\+?\d{3}/;

const shortestLossy = 16;

/**
 * JSON text to values. A number that JavaScript cannot hold (int64 such as 9007199254740993) becomes a RawNumber (workload/json.ts), which
 * JSON.stringify writes back as it was read. A key `__proto__` is an own property like any other: JSON.parse defines, it
 * does not assign.
 */
export function readJson(text: string): ReadJson {
  try {
    return { kind: 'json', value: parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'not-json', message: describe(text) };
    const depth = error instanceof RangeError ? tooDeep(text) : undefined;
    if (depth !== undefined) return { kind: 'not-json', message: depth };
    throw error;
  }
}

function parse(text: string): unknown {
  const isPlain = !(hasLongRun(text) || greatPower.test(text)) || !perhapsLossyNumber.test(text);
  return isPlain ? JSON.parse(text) : JSON.parse(text, keepNumber);
}

/** Whether 16 digits or points stand side by side. Such a run covers one of any 16 offsets, so that one character in 16 is looked at. */
function hasLongRun(text: string): boolean {
  for (let offset = shortestLossy - 1; offset < text.length; offset += shortestLossy) {
    if (!isOfNumber(text, offset)) continue;
    let [start, end] = [offset, offset + 1];
    while (isOfNumber(text, start - 1)) start -= 1;
    while (isOfNumber(text, end)) end += 1;
    if (end - start >= shortestLossy) return true;
  }
  return false;
}

/** A digit or a point. Offsets outside of the text are neither. */
function isOfNumber(text: string, offset: number): boolean {
  const code = text.charCodeAt(offset);
  return (code >= 0x30 && code <= 0x39) || code === 0x2e;
}

function keepNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || survives(value, source)) return value;
  return JSON.rawJSON(source);
}

/** Fewer than 16 significant characters are exact to the last digit that was written. */
function survives(value: number, source: string): boolean {
  return Number.isFinite(value) && (source.length < 16 || String(value) === source);
}

function describe(text: string): string {
  if (text.trim() === '') return 'is empty; wanted an AdmissionReview as JSON';
  const offset = jsonErrorOffset(text);
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  const character = text.codePointAt(offset);
  const seen =
    character === undefined ? 'it ends too early' : `unexpected ${JSON.stringify(String.fromCodePoint(character))}`;
  return `is not JSON: ${seen} at line ${line}, column ${column}`;
}
