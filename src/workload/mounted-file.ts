import { isWithin, normalisePath } from './absolute-path.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import { objectAt, objectsAt, textAt } from './json.ts';
import type { JsonObject } from './json.ts';

/** A file of a container that a ConfigMap holds. */
export interface MountedFile {
  readonly configMap: string;
  readonly key: string;
  readonly text: string;
}

interface Surrounding {
  readonly podSpec: JsonObject;
  readonly namespace: string;
}

/** What is at `path` in a container, where a ConfigMap that is known has it; undefined: nobody knows, or nothing. */
export function mountedFile(
  path: string,
  container: JsonObject,
  { podSpec, namespace }: Surrounding,
  { configMaps }: ClusterFacts,
): MountedFile | undefined {
  const wanted = normalisePath(path);
  const [mount] = objectsAt(container, 'volumeMounts')
    .map((entry) => ({ entry, at: normalisePath(textAt(entry, 'mountPath') ?? '/') }))
    .filter(({ at }) => isWithin(wanted, at))
    .toSorted((a, b) => b.at.length - a.at.length);
  if (mount === undefined) return undefined;
  const volume = objectsAt(podSpec, 'volumes').find((one) => textAt(one, 'name') === textAt(mount.entry, 'name'));
  const inside = normalisePath(`/${textAt(mount.entry, 'subPath') ?? ''}/${wanted.slice(mount.at.length)}`).slice(1);
  for (const source of configMapSources(volume)) {
    const name = textAt(source, 'name') ?? '';
    const items = objectsAt(source, 'items');
    const item = items.find((one) => normalisePath(`/${textAt(one, 'path') ?? ''}`).slice(1) === inside);
    const key = items.length === 0 ? inside : textAt(item, 'key');
    const found = configMaps.find(namespace, name);
    const text = key === undefined || found.kind !== 'present' ? undefined : found.fact.data[key];
    if (key !== undefined && text !== undefined) return { configMap: name, key, text };
  }
  return undefined;
}

/** The ConfigMaps whose keys are variables of a container (`envFrom`), as far as they are known, the stronger ones last. */
export function environmentMaps(
  container: JsonObject,
  { namespace }: Surrounding,
  { configMaps }: ClusterFacts,
): readonly { readonly configMap: string; readonly prefix: string; readonly data: Readonly<Record<string, string>> }[] {
  return objectsAt(container, 'envFrom').flatMap((source) => {
    const name = textAt(objectAt(source, 'configMapRef'), 'name');
    const found = name === undefined ? undefined : configMaps.find(namespace, name);
    if (name === undefined || found?.kind !== 'present') return [];
    return [{ configMap: name, prefix: textAt(source, 'prefix') ?? '', data: found.fact.data }];
  });
}

function configMapSources(volume: JsonObject | undefined): readonly JsonObject[] {
  if (volume === undefined) return [];
  const own = objectAt(volume, 'configMap');
  if (Object.keys(own).length > 0) return [own];
  return objectsAt(objectAt(volume, 'projected'), 'sources').flatMap((source) => {
    const projected = objectAt(source, 'configMap');
    return Object.keys(projected).length > 0 ? [projected] : [];
  });
}
