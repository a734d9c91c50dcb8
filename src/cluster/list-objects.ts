import type { KubeConfig } from '@kubernetes/client-node';
import { isObject, objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { ApiFailure } from './api-failure.ts';
import { ask } from './ask.ts';

export interface Listed {
  readonly objects: readonly JsonObject[];
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

/** What is read at a time: thousands of objects in one answer are hundreds of megabytes for the apiserver and for us. */
const pageSize = 500;

const whole = 'application/json';
/** The rest of an object never leaves the apiserver (Kubernetes API concepts, "Metadata-only fetches"). */
const metadataAlone = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
/** The same of the objects in a watch. */
export const metadataOfEach = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

/**
 * All objects at a path such as `/apis/apps/v1/statefulsets`, as they came: the typed lists of client-node build a copy of each that
 * nobody needs.
 */
export async function listObjects(
  config: KubeConfig,
  path: string,
  part: 'whole' | 'metadata',
  query: Readonly<Record<string, string>> = {},
): Promise<Listed> {
  const objects: JsonObject[] = [];
  for (let page = ''; ;) {
    const list = await read(config, path, page, part === 'whole' ? whole : metadataAlone, query);
    objects.push(...objectsAt(list, 'items'));
    const metadata = objectAt(list, 'metadata');
    page = textAt(metadata, 'continue') ?? '';
    if (page === '') return { objects, resourceVersion: textAt(metadata, 'resourceVersion') ?? '' };
  }
}

async function read(
  config: KubeConfig,
  path: string,
  page: string,
  accept: string,
  query: Readonly<Record<string, string>>,
): Promise<JsonObject> {
  const { code, text } = await ask(config, {
    path,
    accept,
    query: { ...query, limit: String(pageSize), ...(page === '' ? {} : { continue: page }) },
  });
  if (code !== 200) throw new ApiFailure(code, `HTTP ${String(code)} for ${path}: ${text.slice(0, 200)}`);
  const list: unknown = JSON.parse(text);
  if (!isObject(list)) throw new Error(`the list at ${path} is no object`);
  return list;
}
