import { isList, isObject, objectAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { ManifestFile } from './manifest-files.ts';

/** One Kubernetes object of a file. */
export interface ManifestObject {
  readonly file: ManifestFile;
  /** Which document of the file, from 0. */
  readonly document: number;
  /** Which item of a List; undefined where the object is the document itself. */
  readonly item: number | undefined;
  readonly object: JsonObject;
  readonly kind: string;
  /** As written; the given default where nothing is. */
  readonly namespace: string;
  readonly name: string;
}

/** The objects of a file, those of a `List` (`kubectl get -o yaml`) included. What has no kind is no object and left out. */
export function objectsOf(file: ManifestFile, defaultNamespace: string): readonly ManifestObject[] {
  return file.documents.flatMap(({ value }, document) =>
    itemsOf(value).flatMap(({ item, object }) => {
      const kind = isObject(object) ? textAt(object, 'kind') : undefined;
      if (!isObject(object) || kind === undefined) return [];
      const metadata = objectAt(object, 'metadata');
      return [
        {
          file,
          document,
          item,
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
      .reduce<Json>((changed, [{ item }, object]) => {
        if (item === undefined) return object;
        if (!isObject(changed) || !isList(changed['items'])) return changed;
        return { ...changed, items: changed['items'].with(item, object) };
      }, value),
  );
}

function itemsOf(value: Json): readonly { readonly item: number | undefined; readonly object: Json }[] {
  if (isObject(value) && isList(value['items']) && textAt(value, 'kind')?.endsWith('List') === true) {
    return value['items'].map((object, item) => ({ item, object }));
  }
  return [{ item: undefined, object: value }];
}

/** `StatefulSet shop/db` */
export function titleOf({ kind, namespace, name }: ManifestObject): string {
  return `${kind} ${namespace}/${name}`;
}

/** `db.yaml`, with the document where the file has several: `db.yaml, document 2`. */
export function placeOf({ file, document, item }: ManifestObject): string {
  const inFile = file.documents.filter(({ value }) => value !== null).length > 1 ? `, document ${document + 1}` : '';
  return `${file.name === '-' ? 'standard input' : file.name}${inFile}${item === undefined ? '' : `, item ${item + 1}`}`;
}
