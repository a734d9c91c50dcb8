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
  surrounding: Surrounding,
  { configMaps }: ClusterFacts,
): MountedFile | undefined {
  for (const { source, key } of mountedKeys(path, container, surrounding, 'configMap')) {
    const name = textAt(source, 'name') ?? '';
    const found = configMaps.find(surrounding.namespace, name);
    const text = found.kind === 'present' ? found.fact.data[key] : undefined;
    if (text !== undefined) return { configMap: name, key, text };
  }
  return undefined;
}

/** The ConfigMaps that what is at `path` may come from. */
export function mountedConfigMaps(
  path: string,
  container: JsonObject,
  surrounding: Surrounding,
): readonly { readonly name: string }[] {
  return mountedKeys(path, container, surrounding, 'configMap').map(({ source }) => ({
    name: textAt(source, 'name') ?? '',
  }));
}

/** The key of a Secret that is at `path`; undefined: no Secret is mounted there, or there are several to look at. */
export function mountedSecretKey(
  path: string,
  container: JsonObject,
  surrounding: Surrounding,
): { readonly secret: string; readonly key: string } | undefined {
  const [found, ...others] = mountedKeys(path, container, surrounding, 'secret');
  const secret = textAt(found?.source, 'secretName') ?? textAt(found?.source, 'name');
  return found === undefined || others.length > 0 || secret === undefined ? undefined : { secret, key: found.key };
}

/** In each source of the volume that is mounted over `path`: the key that would be there. */
function mountedKeys(
  path: string,
  container: JsonObject,
  { podSpec }: Surrounding,
  kind: 'configMap' | 'secret',
): readonly { readonly source: JsonObject; readonly key: string }[] {
  const wanted = normalisePath(path);
  const [mount] = objectsAt(container, 'volumeMounts')
    .map((entry) => ({ entry, at: normalisePath(textAt(entry, 'mountPath') ?? '/') }))
    .filter(({ at }) => isWithin(wanted, at))
    .toSorted((a, b) => b.at.length - a.at.length);
  if (mount === undefined) return [];
  const volume = objectsAt(podSpec, 'volumes').find((one) => textAt(one, 'name') === textAt(mount.entry, 'name'));
  const inside = normalisePath(`/${textAt(mount.entry, 'subPath') ?? ''}/${wanted.slice(mount.at.length)}`).slice(1);
  return sourcesOf(volume, kind).flatMap((source) => {
    const items = objectsAt(source, 'items');
    const item = items.find((one) => normalisePath(`/${textAt(one, 'path') ?? ''}`).slice(1) === inside);
    const key = items.length === 0 ? inside : textAt(item, 'key');
    return key === undefined ? [] : [{ source, key }];
  });
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

function sourcesOf(volume: JsonObject | undefined, kind: 'configMap' | 'secret'): readonly JsonObject[] {
  if (volume === undefined) return [];
  const own = objectAt(volume, kind);
  if (Object.keys(own).length > 0) return [own];
  return objectsAt(objectAt(volume, 'projected'), 'sources').flatMap((source) => {
    const projected = objectAt(source, kind);
    return Object.keys(projected).length > 0 ? [projected] : [];
  });
}
