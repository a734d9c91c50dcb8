import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer as readAll } from 'node:stream/consumers';
import { readManifests } from '../manifests/read-manifests.ts';
import type { ManifestDocument, Place, RepeatedKeys } from '../manifests/read-manifests.ts';
import { UsageError } from './exit-code.ts';
import { UnreadError, readOrTell } from './unread.ts';
import type { Unread } from './unread.ts';

/** A file with manifests, read. */
export interface ManifestFile {
  /** As a person would name it; `-` for standard input. */
  readonly name: string;
  readonly text: string;
  readonly documents: readonly ManifestDocument[];
  /** See `RepeatedKeys`; empty where they are refused. */
  readonly repeatedKeys?: readonly Place[];
}

/**
 * What is named, with `-f` or without: files, directories (every *.yaml, *.yml and *.json below, sorted), `-` for standard input. Without any, standard
 * input where something is piped in.
 * @throws UsageError for what cannot be found or read: `file:line:column: …` and the explanation below it. `unread` is told of what can
 * be found and not be read, and the rest is returned; whoever has it told writes nothing, so that keys that stand twice are read as
 * kubectl reads them.
 */
export async function readManifestFiles(names: readonly string[], unread?: Unread): Promise<readonly ManifestFile[]> {
  if (names.length === 0 && process.stdin.isTTY) {
    throw new UsageError('Nothing to read: name manifests (FILE or DIR), or pipe them in.');
  }
  // A file that is named twice, by itself and by its directory say, is one file; and standard input can be read once.
  const wanted = new Set(names.length === 0 ? ['-'] : names.flatMap(filesOf));
  const files: ManifestFile[] = [];
  for (const name of wanted) {
    const file = await readOrTell(
      async () => parseFile(name, await readText(name), unread === undefined ? 'refuse' : 'last'),
      unread,
    );
    if (file !== undefined) files.push(file);
  }
  return files;
}

/** As a person calls it. */
export function shownName(name: string): string {
  return name === '-' ? 'standard input' : name;
}

/** The text of one file, or of standard input for `-`; a byte order mark stays in it. */
export async function readText(name: string): Promise<string> {
  const bytes = name === '-' ? await readAll(process.stdin) : attempt(name, () => readFileSync(name));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UnreadError(`${shownName(name)}: not UTF-8 text, so no manifest`, { file: name, line: 1, column: 1 });
  }
}

function parseFile(name: string, text: string, repeatedKeys: RepeatedKeys): ManifestFile {
  const read = readManifests(text, repeatedKeys);
  if (read.kind === 'read') return { name, text, documents: read.documents, repeatedKeys: read.repeatedKeys };
  const explanation = read.explanation === '' ? '' : `\n${read.explanation.replaceAll(/^/gm, '  ')}`;
  const { line, column } = read;
  throw new UnreadError(`${shownName(name)}:${line}:${column}: ${read.message}${explanation}`, {
    file: name,
    line,
    column,
  });
}

function filesOf(name: string): readonly string[] {
  if (name === '-' || !attempt(name, () => statSync(name)).isDirectory()) return [name];
  const found = manifestsBelow(name);
  if (found.length === 0) throw new UsageError(`${name}: no *.yaml, *.yml or *.json in this directory`);
  return found;
}

/** Hidden entries are left out: `.git`, and the `..data` links of a mounted ConfigMap. */
function manifestsBelow(directory: string): readonly string[] {
  return attempt(directory, () => readdirSync(directory))
    .filter((entry) => !entry.startsWith('.'))
    .toSorted()
    .flatMap((entry) => {
      const path = join(directory, entry);
      if (attempt(path, () => statSync(path)).isDirectory()) return manifestsBelow(path);
      return /\.(ya?ml|json)$/.test(entry) ? [path] : [];
    });
}

function attempt<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`${name}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'is a directory';
  return error instanceof Error ? error.message : String(error);
}
