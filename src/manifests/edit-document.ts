import type { Document } from 'yaml';
import { stringify } from 'yaml';
import { sameJson } from '../plan/same-json.ts';
import type { Json } from '../workload/json.ts';
import { editNode } from './edit-node.ts';
import { aliasCounts, editedAnchors } from './expand-aliases.ts';
import { indentation, readLayout } from './layout.ts';
import type { Layout } from './layout.ts';
import { readManifests } from './read-manifests.ts';
import type { ManifestDocument } from './read-manifests.ts';
import { rebuildDocument } from './rebuild-document.ts';
import { applyEdits } from './text-edit.ts';
import { readOptions, writeOptions, yamlFromJson } from './yaml-dialect.ts';

/** How a document was changed: line by line; by its tree, so that the layout is new; or written anew, without comments. */
export type EditedBy = 'lines' | 'tree' | 'anew';

export interface EditedDocument {
  readonly text: string;
  readonly by: EditedBy;
  /** Names of aliases (`*name`) that were edited line by line into what they stood for, since it is not the same everywhere any more. */
  readonly writtenOut: readonly string[];
}

/**
 * The document's source with the value `after`; lines that need no change stay byte for byte. Whatever is returned was
 * read back and compared with `after`.
 */
export function editDocument(manifest: ManifestDocument, after: Json): EditedDocument {
  const { source, value: before, language } = manifest;
  if (sameJson(before, after)) return { text: source, by: 'lines', writtenOut: [] };
  const layout = readLayout(source, manifest.document, language);
  const attempts: readonly (readonly [EditedBy, () => string | undefined])[] = [
    ['lines', () => editedLines(source, manifest.document, before, after, layout)],
    ['tree', () => (language === 'yaml' ? rebuildDocument(manifest.document, before, after, layout) : undefined)],
    ['anew', () => writtenAnew(source, after, layout)],
  ];
  for (const [by, attempt] of attempts) {
    const text = attempt();
    const document = text === undefined ? undefined : documentReadAs(text, after, language);
    if (text === undefined || document === undefined) continue;
    return { text, by, writtenOut: by === 'lines' ? aliasesGone(manifest.document, document) : [] };
  }
  throw new Error('The edited manifest does not read back as the object that was wanted; nothing was written.');
}

function editedLines(
  source: string,
  document: Document,
  before: Json,
  after: Json,
  layout: Layout,
): string | undefined {
  const endsWithBreak = source.endsWith('\n');
  const whole = endsWithBreak ? source : source + layout.lineBreak;
  let expanded: ReadonlySet<string> = new Set();
  for (;;) {
    const edits = editNode({ source: whole, document, layout, expanded }, document.contents, before, after);
    if (edits === undefined) return undefined;
    const anchors = editedAnchors(edits);
    if (anchors.isSubsetOf(expanded)) {
      const text = applyEdits(whole, edits);
      return endsWithBreak ? text : text?.replace(/\r?\n$/, '');
    }
    // Writing out an alias can fall into another anchor, so look again until nothing is added.
    expanded = anchors.union(expanded);
  }
}

function writtenAnew(source: string, after: Json, layout: Layout): string {
  if (layout.language === 'json')
    return JSON.stringify(after, undefined, layout.indent) + (source.endsWith('\n') ? '\n' : '');
  const marker = /^\uFEFF?---[^\n]*\n/.test(source) ? '---\n' : '';
  return marker + stringify(yamlFromJson(after), { ...readOptions, ...writeOptions, ...indentation(layout) });
}

/** What the text reads as, where that is the value that is wanted and nothing else. */
function documentReadAs(text: string, wanted: Json, language: ManifestDocument['language']): Document | undefined {
  const read = readManifests(text);
  if (read.kind === 'unreadable' || (language === 'json' && read.language !== 'json')) return undefined;
  const [only, ...others] = read.documents.filter(({ value }) => value !== null);
  return only !== undefined && others.length === 0 && sameJson(only.value, wanted) ? only.document : undefined;
}

function aliasesGone(before: Document, after: Document): readonly string[] {
  const left = aliasCounts(after);
  return [...aliasCounts(before)].filter(([name, count]) => (left.get(name) ?? 0) < count).map(([name]) => name);
}
