import { LineCounter, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';
import type { Json } from '../workload/json.ts';
import { jsonFromYaml, readOptions } from './yaml-dialect.ts';

/** One YAML document of a file, or a whole JSON file, with its own source. */
export interface ManifestDocument {
  readonly source: string;
  readonly language: 'yaml' | 'json';
  /** null where there is nothing but comments. */
  readonly value: Json;
  readonly document: Document;
}

export type ReadManifests =
  | { readonly kind: 'read'; readonly language: 'yaml' | 'json'; readonly documents: readonly ManifestDocument[] }
  | {
      readonly kind: 'unreadable';
      /** From 1. */
      readonly line: number;
      readonly column: number;
      /** One line. */
      readonly message: string;
      /** What the YAML library says more, several lines; empty where there is nothing more. */
      readonly explanation: string;
    };

/** Manifests as kubectl reads them: YAML with one or more documents, or JSON. The sources joined are the text. */
export function readManifests(text: string): ReadManifests {
  const lineCounter = new LineCounter();
  const documents = parseAll(text, lineCounter);
  if (documents === undefined) return unreadable(1, 1, 'nested too deep to be a manifest');
  const error = documents.flatMap((document) => document.errors)[0];
  if (error !== undefined) {
    const { line, col } = error.linePos?.[0] ?? lineCounter.linePos(error.pos[0]);
    const [first = '', ...rest] = error.message.split('\n');
    const message = first.replace(/ at line \d+, column \d+:?$/, '');
    return unreadable(line, col, message, rest.join('\n').trim());
  }
  const language = isJson(text) ? 'json' : 'yaml';
  const manifests: ManifestDocument[] = [];
  let start = 0;
  for (const [index, document] of documents.entries()) {
    const end = index === documents.length - 1 ? text.length : document.range[2];
    const source = text.slice(start, end);
    try {
      manifests.push({
        source,
        language,
        value: jsonFromYaml(document.toJS()),
        document: reread(document, source, start),
      });
    } catch (problem) {
      // Aliases that grow without bound, an alias without its anchor, a number that is none in JSON.
      const { line, col } = lineCounter.linePos(document.contents?.range[0] ?? start);
      const message = problem instanceof Error ? problem.message : String(problem);
      return unreadable(line, col, message);
    }
    start = end;
  }
  return { kind: 'read', language, documents: manifests };
}

function unreadable(line: number, column: number, message: string, explanation = ''): ReadManifests {
  return { kind: 'unreadable', line, column, message, explanation };
}

/** Undefined where the library's recursion runs out of stack. */
function parseAll(text: string, lineCounter: LineCounter): readonly Document.Parsed[] | undefined {
  try {
    const parsed = parseAllDocuments(text, { ...readOptions, lineCounter });
    return 'empty' in parsed ? [] : parsed;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The document with offsets that count from the start of its own source. */
function reread(document: Document.Parsed, source: string, start: number): Document {
  return start === 0 ? document : (parseAllDocuments(source, readOptions)[0] ?? document);
}

function isJson(text: string): boolean {
  if (!/^\uFEFF?\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return true;
  } catch {
    return false;
  }
}
