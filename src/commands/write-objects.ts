import type { JsonObject } from '../workload/json.ts';
import { changeFiles } from './changed-files.ts';
import type { ChangedFile } from './changed-files.ts';
import type { ManifestFile } from './manifest-files.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Terminal } from './terminal.ts';

/** All files with their changed objects as one YAML stream; JSON files stay JSON. What could not be kept is reported. */
export function writeYaml(
  files: readonly ManifestFile[],
  replaced: ReadonlyMap<ManifestObject, JsonObject>,
  terminal: Terminal,
): void {
  const changed = changeFiles(files, replaced);
  for (const loss of changed.flatMap(({ losses }) => losses)) terminal.report(`${loss}\n`);
  terminal.out(joined(changed));
}

/** All objects as JSON: one alone, several as a List, as `kubectl get -o json` prints them. */
export function writeJson(
  objects: readonly ManifestObject[],
  replaced: ReadonlyMap<ManifestObject, JsonObject>,
  terminal: Terminal,
): void {
  const values = objects.map((where) => replaced.get(where) ?? where.object);
  const value = values.length === 1 ? values[0] : { apiVersion: 'v1', kind: 'List', items: values };
  terminal.out(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Files become one stream: a document marker between them where neither side brings one. */
function joined(files: readonly ChangedFile[]): string {
  return files
    .map(({ text }) => text)
    .reduce((stream, text) => {
      if (stream === '' || text === '') return stream + text;
      const ended = stream.endsWith('\n') ? stream : `${stream}\n`;
      const hasMarker = /^\uFEFF?(#[^\n]*\n|\s*\n)*---(\s|$)/.test(text) || /(^|\n)---\s*$/.test(ended);
      return hasMarker ? ended + text : `${ended}---\n${text}`;
    }, '');
}
