import type { Document } from 'yaml';

/**
 * The text with the continuation lines of quoted scalars moved in that stand left of where YAML wants them (YAML 1.2, 6.1), as kubectl's
 * reader allows (go.yaml.in/yaml/v2 asks for no indentation within quotes). A quoted line's leading blanks are no part of the value (7.3.1), so that
 * the value and the numbers of the lines stay. Undefined: the faults are others.
 */
export function indentQuoted(text: string, documents: readonly Document.Parsed[]): string | undefined {
  const fault = documents.flatMap(({ errors }) => errors)[0];
  const quote = /^Missing closing (["'])quote/.exec(fault?.message ?? '')?.[1];
  if (fault === undefined || quote === undefined) return undefined;
  // The library ends the text at the line that stands too far left: the quote that it began with is the last one before.
  const opened = lastOpened(text.slice(0, fault.pos[0]), quote);
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
