import type { Document } from 'yaml';

/**
 * The text with what goes on left of where YAML wants it moved in (YAML 1.2, 6.1): the lines of a quoted scalar, or a line of a flow list or map. kubectl's
 * reader (go.yaml.in/yaml/v2) asks for no indentation in them, and leading blanks there are no part of a value (7.3.1, 7.4), so that values and
 * the numbers of lines stay. One at a time; undefined: the faults are others.
 */
export function indentOutdented(text: string, documents: readonly Document.Parsed[]): string | undefined {
  const fault = documents.flatMap(({ errors }) => errors)[0];
  if (fault === undefined) return undefined;
  const quote = /^Missing closing (["'])quote/.exec(fault.message)?.[1];
  if (quote !== undefined) return indentQuoted(text, fault.pos[0], quote);
  return /^Flow (?:sequence|map) in block collection must be sufficiently indented/.test(fault.message)
    ? indentLine(text, fault.pos[0])
    : undefined;
}

/** Further in than the entry before it begins: that one's line is that of the bracket, or was moved in itself. */
function indentLine(text: string, fault: number): string | undefined {
  const start = text.lastIndexOf('\n', fault - 1) + 1;
  const before = text.slice(0, start).trimEnd();
  const line = before.slice(before.lastIndexOf('\n') + 1);
  const wanted = (/^(?: |- )*/.exec(line)?.[0].length ?? 0) + 1;
  const found = fault - start;
  if (start === 0 || found >= wanted || text.slice(start, fault).trim() !== '') return undefined;
  return `${text.slice(0, start)}${' '.repeat(wanted - found)}${text.slice(start)}`;
}

function indentQuoted(text: string, fault: number, quote: string): string | undefined {
  // The library ends the text at the line that stands too far left: the quote that it began with is the last one before.
  const opened = lastOpened(text.slice(0, fault), quote);
  const closed = opened === undefined ? undefined : endOf(text, opened, quote);
  if (opened === undefined || closed === undefined) return undefined;
  const inside = text.slice(opened, closed);
  // A line of dashes or dots alone ends the document, in quotes too.
  if (/\n(?:---|\.\.\.)(?:\s|$)/.test(inside)) return undefined;
  const lineStart = text.lastIndexOf('\n', opened) + 1;
  const margin = ' '.repeat(opened - lineStart + 1);
  const moved = inside.replace(/\n(?=[^\r\n])/g, `\n${margin}`);
  return moved === inside ? undefined : `${text.slice(0, opened)}${moved}${text.slice(closed)}`;
}

/** Where a scalar begins that is not closed at the end of `before`: behind a blank, a bracket or a comma, and unclosed since. */
function lastOpened(before: string, quote: string): number | undefined {
  for (let at = before.lastIndexOf(quote); at >= 0; at = at === 0 ? -1 : before.lastIndexOf(quote, at - 1)) {
    const isStart = at === 0 || /[\s[{,]/.test(before.charAt(at - 1));
    if (isStart && endOf(before, at, quote) === undefined) return at;
  }
  return undefined;
}

/** Behind the quote that closes the scalar which begins at `start`. */
function endOf(text: string, start: number, quote: string): number | undefined {
  const whole = quote === '"' ? /"(?:[^"\\]|\\[^])*"/y : /'(?:[^']|'')*'/y;
  whole.lastIndex = start;
  return whole.test(text) ? whole.lastIndex : undefined;
}
