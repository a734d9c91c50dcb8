import { isMap, isSeq, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';

/** What one entry under `patches:` of a kustomization says, with the text of its file. */
export interface KustomizePatch {
  readonly text: string;
  /** Of a JSON Patch: which documents; every key that is there has to agree. */
  readonly target?: { readonly group?: string; readonly kind?: string; readonly name?: string };
}

/**
 * A document as the patch leaves it: changed in place, with its comments; undefined where the patch deletes it. As much of kustomize as manifests/
 * asks for: a JSON Patch of test, add and replace, and a strategic merge of maps.
 * @throws Error where a patch wants more, or tests for something that is not there.
 */
export function patched(document: Document, patch: KustomizePatch): Document | undefined {
  const [first, ...others] = parseAllDocuments(patch.text);
  if (first !== undefined && isSeq(first.contents)) {
    if (isTarget(document, patch))
      for (const operation of first.toJS() as readonly Operation[]) apply(document, operation);
    return document;
  }
  for (const merge of [first, ...others]) {
    if (merge === undefined || identity(merge) !== identity(document)) continue;
    if (merge.get('$patch') === 'delete') return undefined;
    mergeInto(document, [], merge.toJS());
  }
  return document;
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

function isTarget(document: Document, { target = {} }: KustomizePatch): boolean {
  const [group] = String(document.get('apiVersion')).split('/');
  const has = { group, kind: document.get('kind'), name: document.getIn(['metadata', 'name']) };
  return (['group', 'kind', 'name'] as const).every((key) => target[key] === undefined || target[key] === has[key]);
}

function identity(document: Document): string {
  return `${String(document.get('kind'))}/${String(document.getIn(['metadata', 'name']))}`;
}

function apply(document: Document, { op, path, value }: Operation): void {
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  const parent: unknown = document.getIn(keys.slice(0, -1));
  const last = keys.at(-1);
  if (op === 'test') {
    if (document.getIn(keys) !== value) throw new Error(`${path} is not ${JSON.stringify(value)}`);
  } else if (op === 'replace') {
    document.setIn(keys, value);
  } else if (op === 'add' && isSeq(parent)) {
    parent.items.splice(last === '-' ? parent.items.length : Number(last), 0, document.createNode(value));
  } else if (op === 'add') {
    document.setIn(keys, document.createNode(value));
  } else {
    throw new Error(`${op} ${path}: not one of test, replace, add`);
  }
}

function mergeInto(document: Document, path: readonly string[], value: unknown): void {
  if (Array.isArray(value)) throw new Error(`${path.join('.')}: a list in a strategic merge`);
  if (typeof value !== 'object' || value === null) {
    if (document.getIn(path) !== value) document.setIn(path, value);
    return;
  }
  if (path.length > 0 && !isMap(document.getIn(path))) {
    document.setIn(path, document.createNode(value));
    return;
  }
  for (const [key, inner] of Object.entries(value)) mergeInto(document, [...path, key], inner);
}
