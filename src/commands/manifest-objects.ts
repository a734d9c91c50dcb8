import { isList, isObject, objectAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { shownName } from './manifest-files.ts';
import type { ManifestFile } from './manifest-files.ts';

/** One Kubernetes object of a file. */
export interface ManifestObject {
  readonly file: ManifestFile;
  /** Which document of the file, from 0. */
  readonly document: number;
  /** Which item of a List, from 0, and of the List in it; empty where the object is the document itself. */
  readonly items: readonly number[];
  readonly object: JsonObject;
  readonly kind: string;
  /** As written; the given default where nothing is. */
  readonly namespace: string;
  readonly name: string;
}

/** The objects of a file, those of a `List` (`kubectl get -o yaml`) included. What has no kind is no object and left out. */
export function objectsOf(file: ManifestFile, defaultNamespace: string): readonly ManifestObject[] {
  return file.documents.flatMap(({ value }, document) =>
    itemsOf(value).flatMap(({ items, object }) => {
      const kind = isObject(object) ? textAt(object, 'kind') : undefined;
      if (!isObject(object) || kind === undefined) return [];
      const metadata = objectAt(object, 'metadata');
      return [
        {
          file,
          document,
          items,
          object,
          kind,
          namespace: textAt(metadata, 'namespace') ?? defaultNamespace,
          name: textAt(metadata, 'name') ?? textAt(metadata, 'generateName') ?? '',
        },
      ];
    }),
  );
}

/** The values of a file's documents with some of the objects in them replaced. */
export function withObjects(file: ManifestFile, replaced: ReadonlyMap<ManifestObject, JsonObject>): readonly Json[] {
  const changes = [...replaced].filter(([where]) => where.file === file);
  return file.documents.map(({ value }, document) =>
    changes
      .filter(([where]) => where.document === document)
      .reduce<Json>((changed, [{ items }, object]) => withItem(changed, items, object), value),
  );
}

function withItem(value: Json, [item, ...inner]: readonly number[], object: JsonObject): Json {
  if (item === undefined) return object;
  if (!isObject(value) || !isList(value['items'])) return value;
  return { ...value, items: value['items'].with(item, withItem(value['items'][item] ?? null, inner, object)) };
}

/** Where documents and items are that are neither empty nor objects, for a person. */
export function strangersIn(file: ManifestFile): readonly string[] {
  return file.documents.flatMap(({ value }, document) =>
    itemsOf(value)
      .filter(({ object }) => object !== null && (!isObject(object) || textAt(object, 'kind') === undefined))
      .map(({ items }) => placeOf({ file, document, items })),
  );
}

interface Item {
  readonly items: readonly number[];
  readonly object: Json;
}

/** A List may hold Lists, as kubectl has it. */
function itemsOf(value: Json): readonly Item[] {
  if (!isObject(value) || !isList(value['items']) || textAt(value, 'kind')?.endsWith('List') !== true)
    return [{ items: [], object: value }];
  return value['items'].flatMap((item, index) =>
    itemsOf(item).map(({ items, object }) => ({ items: [index, ...items], object })),
  );
}

/** `StatefulSet shop/db` */
export function titleOf({ kind, namespace, name }: ManifestObject): string {
  return `${kind} ${namespace}/${name}`;
}

/** `db.yaml`, with the document where the file has several: `db.yaml, document 2`. */
export function placeOf({ file, document, items }: Pick<ManifestObject, 'file' | 'document' | 'items'>): string {
  const inFile = file.documents.filter(({ value }) => value !== null).length > 1 ? `, document ${document + 1}` : '';
  return `${shownName(file.name)}${inFile}${items.map((item) => `, item ${item + 1}`).join('')}`;
}
