/** A piece of HTML. Whatever a cluster says is text until `markup` has escaped it: only this file makes one from a string. */
export class Markup {
  readonly html: string;
  constructor(html: string) {
    this.html = html;
  }
}

export type Piece = string | number | Markup | readonly Markup[];

/** Values are escaped, for elements and for attributes in double quotes; pieces of HTML are put in as they are. */
export function markup(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(parts.map((part, index) => `${index === 0 ? '' : htmlOf(pieces[index - 1])}${part}`).join(''));
}

/** A cell of a table; its column's name stands in it too, for screens where a table has no room and its head is not shown. */
export function cell(column: string, content: string | Markup, tone: 'plain' | 'good' | 'bad' = 'plain'): Markup {
  return markup`<td class="${tone}" data-column="${column}">${content}</td>`;
}

function htmlOf(piece: Piece | undefined): string {
  if (piece === undefined) return '';
  if (piece instanceof Markup) return piece.html;
  if (typeof piece === 'object') return piece.map(({ html }) => html).join('');
  return escaped(String(piece));
}

const codes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => codes[character] ?? '');
}
