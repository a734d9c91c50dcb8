import { isAlias, isMap, isNode, isPair, isScalar, isSeq } from 'yaml';
import type { Document, YAMLMap } from 'yaml';
import { fieldSteps } from './field-steps.ts';
import { isRanged } from './node-places.ts';
import type { ManifestDocument } from './read-manifests.ts';

/**
 * Where the field of a finding begins in the source of its document: at its key, or at the entry of the list. Of a field that is not
 * written, the nearest around it that is. `items`: the way to the object in a List.
 */
export function fieldOffset({ document }: ManifestDocument, items: readonly number[], field: string): number {
  let found: Found = { node: document.contents, offset: startOf(document.contents) };
  for (const item of items) found = childOf(document, childOf(document, found, 'items') ?? found, item) ?? found;
  for (const step of fieldSteps(field)) {
    const child = childOf(document, found, step);
    if (child === undefined) break;
    found = child;
  }
  return found.offset;
}

interface Found {
  readonly node: unknown;
  readonly offset: number;
}

function childOf(document: Document, { node }: Found, step: string | number): Found | undefined {
  const parent = resolved(document, node);
  if (isMap(parent)) return valueOf(document, parent, String(step));
  if (!isSeq(parent)) return undefined;
  const item: unknown =
    typeof step === 'number' ? parent.items[step] : parent.items.find((entry) => isCalled(document, entry, step));
  return item === undefined ? undefined : { node: item, offset: startOf(item) };
}

/** A key of the mapping's own, or one that `<<` brings. */
function valueOf(document: Document, map: YAMLMap, key: string): Found | undefined {
  for (const pair of map.items) {
    if (isScalar(pair.key) && String(pair.key.value) === key) return { node: pair.value, offset: startOf(pair.key) };
  }
  for (const { key: name, value } of map.items) {
    if (!isScalar(name) || typeof name.value !== 'symbol') continue;
    for (const source of isSeq(value) ? value.items : [value]) {
      const merged = resolved(document, source);
      const found = isMap(merged) ? valueOf(document, merged, key) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/** What entries of lists are known by in the fields of findings. */
function isCalled(document: Document, entry: unknown, name: string): boolean {
  const node = resolved(document, entry);
  if (!isMap(node)) return false;
  const metadata = node.get('metadata');
  const own = ['name', 'mountPath', 'containerPort'].map((key) => node.get(key));
  return [...own, isMap(metadata) ? metadata.get('name') : undefined].some(
    (value) =>
      (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number') && String(value) === name,
  );
}

function startOf(node: unknown): number {
  if (isRanged(node)) return node.range[0];
  return isPair(node) && isNode(node.key) ? startOf(node.key) : 0;
}
