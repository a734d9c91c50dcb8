/** What may come next; `first-…` right behind an opening bracket, where the closing one may stand too. */
type Expected = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'more' | 'nothing';

const space = /[\t\n\r ]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** As much of a number as is there: `-`, `1.`, `1e+` lack something at their end. */
const beginningOfNumber = /-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE][+-]?\d*)?)?|[eE][+-]?\d*)?)?/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const words = ['true', 'false', 'null'];

/**
 * Offset of the first character that cannot stand where it stands in JSON (RFC 8259); the length of the text where it merely
 * ends too early. JSON.parse says the place in some of its messages only. For texts that JSON.parse refused.
 */
export function jsonErrorOffset(text: string): number {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let offset = endOf(space, text, 0);
  for (; offset < text.length; offset = endOf(space, text, offset)) {
    const character = text.charAt(offset);
    const end = '{}[]:,'.includes(character) ? offset + 1 : endOfScalar(text, offset);
    const next = after(expected, character, open);
    if (next === undefined) return offset;
    if (end < 0) return ~end;
    expected = next;
    offset = end;
  }
  return text.length;
}

/** The state behind a token that begins with `character`, or undefined where it may not stand. Keeps `open` up to date. */
function after(expected: Expected, character: string, open: ('{' | '[')[]): Expected | undefined {
  const wantsValue = expected === 'value' || expected === 'first-value';
  switch (character) {
    case '{':
    case '[':
      if (!wantsValue) return undefined;
      open.push(character);
      return character === '{' ? 'first-key' : 'first-value';
    case '}':
      if (open.at(-1) !== '{' || (expected !== 'more' && expected !== 'first-key')) return undefined;
      open.pop();
      return open.length === 0 ? 'nothing' : 'more';
    case ']':
      if (open.at(-1) !== '[' || (expected !== 'more' && expected !== 'first-value')) return undefined;
      open.pop();
      return open.length === 0 ? 'nothing' : 'more';
    case ',':
      if (expected !== 'more') return undefined;
      return open.at(-1) === '{' ? 'key' : 'value';
    case ':':
      return expected === 'colon' ? 'value' : undefined;
    case '"':
      if (expected === 'key' || expected === 'first-key') return 'colon';
      break;
  }
  if (!wantsValue) return undefined;
  return open.length === 0 ? 'nothing' : 'more';
}

/** End of the text, number or word at `start`; where it is none, the bitwise complement of the offset of what spoils it, which is negative. */
function endOfScalar(text: string, start: number): number {
  if (text.charAt(start) === '"') return endOfText(text, start);
  const word = words.find((candidate) => candidate.charAt(0) === text.charAt(start));
  if (word === undefined) {
    const end = endOf(beginningOfNumber, text, start);
    return end > start && end === endOf(number, text, start) ? end : ~end;
  }
  let matched = 1;
  while (matched < word.length && word.charAt(matched) === text.charAt(start + matched)) matched += 1;
  return matched === word.length ? start + matched : ~(start + matched);
}

function endOfText(text: string, start: number): number {
  let offset = start + 1;
  while (offset < text.length && text.charAt(offset) !== '"') {
    if (text.charCodeAt(offset) < 0x20) return ~offset;
    const next = text.charAt(offset) === '\\' ? endOf(escape, text, offset) : offset + 1;
    if (next === offset) return offset + 1 < text.length ? ~offset : ~text.length;
    offset = next;
  }
  return offset < text.length ? offset + 1 : ~text.length;
}

/** `start` where the pattern does not match there. */
function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start;
}
