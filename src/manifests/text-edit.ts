/** Put `text` in place of what stands at [start, end) of a source text. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Anchors (`&name`) whose value it changes or takes away: their aliases (`*name`) cannot stay. */
  readonly anchors?: readonly string[];
}

/**
 * The source after all edits; undefined where two of them overlap. Insertions at one place keep the order of the list,
 * and come before a replacement that starts there.
 */
export function applyEdits(source: string, edits: readonly TextEdit[]): string | undefined {
  const isInsertion = (edit: TextEdit): boolean => edit.start === edit.end;
  const ordered = edits.toSorted((a, b) => a.start - b.start || Number(isInsertion(b)) - Number(isInsertion(a)));
  let result = '';
  let at = 0;
  for (const edit of ordered) {
    if (edit.start < at) return undefined;
    result += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + source.slice(at);
}

/** Where the line that holds `offset` starts. */
export function lineStart(source: string, offset: number): number {
  return offset === 0 ? 0 : source.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the line after a value that ends at `offset` starts; the end of the text where there is none. */
export function lineAfter(source: string, offset: number): number {
  // A block scalar ends behind its last line break: the next line starts right there.
  if (offset > 0 && source[offset - 1] === '\n') return offset;
  const lineBreak = source.indexOf('\n', offset);
  return lineBreak === -1 ? source.length : lineBreak + 1;
}

/** Nothing but spaces stands in front of `offset` on its line. */
export function isFirstOnLine(source: string, offset: number): boolean {
  return /^[\uFEFF ]*$/.test(source.slice(lineStart(source, offset), offset));
}

/** Columns from the start of the line. */
export function columnOf(source: string, offset: number): number {
  return source.slice(lineStart(source, offset), offset).replace('\uFEFF', '').length;
}
