import { LineCounter, isMap, isNode, isScalar, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';
import type { ConfigurationProblem } from '../config.ts';
import type { Place } from '../configuration-place.ts';

/** The key of the ConfigMap that manifests/base mounts. */
const key = 'pgusher.yaml';

export type ConfigurationIn =
  | { readonly kind: 'text'; readonly text: string; readonly placeOf: (place: Place) => Place }
  /** A ConfigMap without it. */
  | ({ readonly kind: 'none' } & ConfigurationProblem);

/** The config file itself, or what the ConfigMap in this manifest has of it, with the way back to places in the manifest. */
export function configurationIn(manifest: string): ConfigurationIn {
  const lines = new LineCounter();
  const itself: ConfigurationIn = { kind: 'text', text: manifest, placeOf: (place) => place };
  const maps = [...parseAllDocuments(manifest, { lineCounter: lines })].filter(
    (document) => document.get('kind') === 'ConfigMap',
  );
  const [map] = maps;
  if (map === undefined || map.errors.length > 0) return itself;
  const held = maps.map(scalarIn).find((scalar) => scalar !== undefined);
  if (held === undefined) {
    return {
      kind: 'none',
      ...placeAt(lines, 0),
      message: `this ConfigMap has no key ${key}; wanted the text of the config file there`,
    };
  }
  const { text, offset, isLiteral } = held;
  const header = placeAt(lines, offset);
  if (!isLiteral) return { kind: 'text', text, placeOf: () => header };
  // The text begins a line below `|`, and all of it is indented by as much as its first line is.
  const [, ...below] = manifest.split('\n').slice(header.line - 1);
  const indent = /^ */.exec(below.find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
  return {
    kind: 'text',
    text,
    placeOf: ({ line, column }) => ({ line: header.line + line, column: indent + column }),
  };
}

function scalarIn(map: Document): { text: string; offset: number; isLiteral: boolean } | undefined {
  const data = map.get('data');
  const node: unknown = isMap(data) ? data.get(key, true) : undefined;
  if (!isScalar(node) || typeof node.value !== 'string' || !isNode(node)) return undefined;
  return { text: node.value, offset: node.range?.[0] ?? 0, isLiteral: node.type === 'BLOCK_LITERAL' };
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
