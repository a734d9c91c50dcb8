import { LineCounter, parseAllDocuments } from 'yaml';
import type { Document, YAMLError } from 'yaml';
import type { Json } from '../workload/json.ts';
import { indentOutdented } from './outdented.ts';
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
  | {
      readonly kind: 'read';
      readonly language: 'yaml' | 'json';
      readonly documents: readonly ManifestDocument[];
      /** Keys that stand twice in their map, where the last of them was taken. */
      readonly repeatedKeys: readonly Place[];
    }
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

type Fault = Pick<YAMLError, 'code' | 'linePos' | 'pos'>;

/** From 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** `refuse`: whoever writes a file anew must not lose one of the two. `last`: as kubectl does, without a word. */
export type RepeatedKeys = 'refuse' | 'last';

/** Manifests as kubectl reads them: YAML with one or more documents, or JSON. The sources joined are the text, but for lines of quoted text that had to be moved in. */
export function readManifests(text: string, repeatedKeys: RepeatedKeys = 'refuse'): ReadManifests {
  return readText(text, repeatedKeys, mostMoved);
}

/** Each quoted text, and each line of a list in brackets, that stands too far left has the whole text read anew. */
const mostMoved = 50;

function readText(text: string, repeatedKeys: RepeatedKeys, moves: number): ReadManifests {
  const stream = jsonObjects(text);
  if (stream !== undefined) return readStream(stream, repeatedKeys);
  const lineCounter = new LineCounter();
  const documents = parseAll(text, lineCounter);
  if (documents === undefined) return unreadable(1, 1, 'nested too deep to be a manifest');
  const indented = moves === 0 ? undefined : indentOutdented(text, documents);
  const moved = indented === undefined ? undefined : readText(indented, repeatedKeys, moves - 1);
  if (moved?.kind === 'read') return moved;
  const errors = documents.flatMap((document) => document.errors);
  const isRepeated = ({ code }: Fault): boolean => repeatedKeys === 'last' && code === 'DUPLICATE_KEY';
  const placeOf = ({ linePos, pos }: Fault): Place => {
    const { line, col } = linePos?.[0] ?? lineCounter.linePos(pos[0]);
    return { line, column: col };
  };
  const error = errors.find((one) => !isRepeated(one));
  if (error !== undefined) {
    const { line, column } = placeOf(error);
    const [first = '', ...rest] = error.message.split('\n');
    const message = first.replace(/ at line \d+, column \d+:?$/, '');
    return unreadable(line, column, message, rest.join('\n').trim());
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
  return { kind: 'read', language, documents: manifests, repeatedKeys: errors.map(placeOf) };
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

/**
 * The parts of a text that is nothing but JSON objects one after another, which kubectl takes apart by its JSON decoder; the blanks
 * behind each belong to it. Undefined: it is one object, or something else.
 */
function jsonObjects(text: string): readonly string[] | undefined {
  if (!/^\uFEFF?\s*\{[^]*\}\s*\{[^]*\}\s*$/.test(text)) return undefined;
  const ends: number[] = [];
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === '{') depth += 1;
    if (token === '}') depth -= 1;
    if (token === '}' && depth === 0) ends.push(index + 1);
  }
  const blanks = (end: number): number => end + (/^\s*/.exec(text.slice(end))?.[0].length ?? 0);
  const starts = [0, ...ends.slice(0, -1).map(blanks)];
  const objects = starts.map((start, index) => text.slice(start, starts[index + 1]));
  return objects.length > 1 && objects.every(isJson) ? objects : undefined;
}

/** Each by itself; a place in one is counted from the beginning of the file. */
function readStream(sources: readonly string[], repeatedKeys: RepeatedKeys): ReadManifests {
  const documents: ManifestDocument[] = [];
  const repeated: Place[] = [];
  for (const source of sources) {
    const before = documents.map((document) => document.source).join('');
    const inFile = ({ line, column }: Place): Place => ({
      line: line + before.split('\n').length - 1,
      column: line === 1 ? column + before.length - before.lastIndexOf('\n') - 1 : column,
    });
    const read = readManifests(source, repeatedKeys);
    if (read.kind === 'unreadable') return { ...read, ...inFile(read) };
    documents.push(...read.documents);
    repeated.push(...read.repeatedKeys.map(inFile));
  }
  return { kind: 'read', language: 'json', documents, repeatedKeys: repeated };
}
