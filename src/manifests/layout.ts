import type { Document } from 'yaml';
import { Document as YamlDocument, Scalar, isCollection, isMap, isPair, isScalar, isSeq, stringify, visit } from 'yaml';
import type { Json } from '../workload/json.ts';
import { dashOffset, isRanged } from './node-places.ts';
import { columnOf } from './text-edit.ts';
import { readOptions, writeOptions, yamlFromJson } from './yaml-dialect.ts';

/** A source text with its layout: what an edit is made in. */
export interface Place {
  readonly source: string;
  readonly document: Document;
  readonly layout: Layout;
  /** Anchors whose aliases are to be written out, see expand-aliases.ts. */
  readonly expanded: ReadonlySet<string>;
}

/** How a document is laid out, so that what we add looks like the rest of it. */
export interface Layout {
  readonly language: 'yaml' | 'json';
  /** Columns per level. */
  readonly indent: number;
  /** The `-` of a list stands further right than the key above it. */
  readonly indentSeq: boolean;
  readonly lineBreak: '\n' | '\r\n';
}

export function readLayout(source: string, document: Document, language: Layout['language']): Layout {
  const lineBreak = source.includes('\r\n') ? '\r\n' : '\n';
  if (language === 'json') {
    const indentation = /\n( +)\S/.exec(source)?.[1];
    return { language, indent: indentation?.length ?? 2, indentSeq: true, lineBreak };
  }
  let indent: number | undefined;
  let indentSeq: boolean | undefined;
  visit(document, {
    Pair(_, pair) {
      const { key, value } = pair;
      if (!isCollection(value) || value.flow === true || value.items.length === 0 || !isRanged(key)) return undefined;
      const parent = columnOf(source, key.range[0]);
      const child = firstColumn(source, value);
      if (child === undefined) return undefined;
      if (isMap(value) && child > parent) indent ??= child - parent;
      if (isSeq(value)) indentSeq ??= child > parent;
      return indent !== undefined && indentSeq !== undefined ? visit.BREAK : undefined;
    },
  });
  return { language, indent: indent ?? 2, indentSeq: indentSeq ?? true, lineBreak };
}

/** The column of the first key of a block mapping or the first `-` of a block sequence. */
function firstColumn(source: string, node: unknown): number | undefined {
  if (!isCollection(node)) return undefined;
  const first: unknown = node.items[0];
  const start =
    isPair(first) && isRanged(first.key) ? first.key.range[0] : isSeq(node) ? dashOffset(node, 0) : undefined;
  return start === undefined ? undefined : columnOf(source, start);
}

/** `key: value` in block style, each line with its line break, indented by `column`. */
export function blockPair(key: string, value: Json, column: number, layout: Layout): string {
  return indented(write({ [key]: yamlFromJson(value) }, layout), column, layout);
}

/** What stands behind a key at `column`, from the colon on: `: value`. */
export function pairValue(value: Json, column: number, layout: Layout): string {
  return blockPair('k', value, column, layout).slice(column + 1);
}

/** `- value` in block style. */
export function blockItem(value: Json, column: number, layout: Layout): string {
  return indented(write([yamlFromJson(value)], layout), column, layout);
}

/** A scalar or an empty collection on one line, in the quotes of the node in whose place it comes; undefined where it needs several. */
export function inline(value: Json, layout: Layout, node?: unknown): string | undefined {
  if (layout.language === 'json') return JSON.stringify(value);
  const isQuoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
  const scalar = new Scalar(yamlFromJson(value));
  if (isQuoted && typeof value === 'string' && node.type !== undefined) scalar.type = node.type;
  const text = write(typeof value === 'string' ? scalar : yamlFromJson(value), layout).slice(0, -1);
  return text.includes('\n') || (typeof value === 'object' && value !== null && !/^(\{\}|\[\]|-?\d+)$/.test(text))
    ? undefined
    : text;
}

/** A value for the inside of a flow collection; on several lines where `column` says where they start. */
export function flow(value: Json, layout: Layout, column: number | undefined): string {
  if (column !== undefined) {
    return JSON.stringify(value, undefined, layout.indent).replaceAll('\n', layout.lineBreak + ' '.repeat(column));
  }
  if (layout.language === 'json') return JSON.stringify(value);
  const document = new YamlDocument(yamlFromJson(value), readOptions);
  if (isCollection(document.contents)) document.contents.flow = true;
  return document.toString({ ...writeOptions, defaultStringType: 'PLAIN', blockQuote: false }).trimEnd();
}

/** `key: value` for the inside of a flow mapping. */
export function flowPair(key: string, value: Json, layout: Layout, column: number | undefined): string {
  const writtenKey =
    layout.language === 'json' || column !== undefined ? JSON.stringify(key) : flow(key, layout, undefined);
  return `${writtenKey}: ${flow(value, layout, column)}`;
}

/** As the YAML library wants it: it puts a `-` at the column of its key only with two columns per level. */
export function indentation(layout: Layout): { indent: number; indentSeq: boolean } {
  return { indent: layout.indentSeq ? layout.indent : 2, indentSeq: layout.indentSeq };
}

function write(value: unknown, layout: Layout): string {
  return stringify(value, { ...readOptions, ...writeOptions, ...indentation(layout) });
}

function indented(text: string, column: number, layout: Layout): string {
  const margin = ' '.repeat(column);
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : margin + line) + layout.lineBreak)
    .join('');
}
