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

/**
 * The files right in a folder of a container that ConfigMaps put there; `isWhole`: nothing else can be in it, since a ConfigMap that is known
 * is mounted there, or nothing but such files.
 */
export function mountedFolder(
  path: string,
  container: JsonObject,
  surrounding: Surrounding,
  facts: ClusterFacts,
): { readonly files: ReadonlyMap<string, MountedFile>; readonly isWhole: boolean } {
  const wanted = normalisePath(path);
  const files = new Map<string, MountedFile>();
  const place = placeIn(wanted, container, surrounding);
  const own = place === undefined ? undefined : keysUnder(place.volume, place.inside, surrounding, facts);
  for (const [name, file] of own ?? []) files.set(name, file);
  let isWhole = place === undefined ? undefined : own !== undefined;
  for (const { at } of mountsOf(container)) {
    const name = at.slice(at.lastIndexOf('/') + 1);
    if (at === '/' || normalisePath(`${at}/..`) !== wanted) continue;
    const file = mountedFile(at, container, surrounding, facts);
    if (file !== undefined) files.set(name, file);
    isWhole = (isWhole ?? true) && file !== undefined;
  }
  return { files, isWhole: isWhole ?? false };
}

/** What a volume of ConfigMaps alone has in a folder of it, by name; undefined: not all of it is known. */
function keysUnder(
  volume: JsonObject | undefined,
  inside: string,
  { namespace }: Surrounding,
  { configMaps }: ClusterFacts,
): readonly (readonly [name: string, file: MountedFile])[] | undefined {
  const sources = sourcesOf(volume, 'configMap');
  const all = volume?.['configMap'] === undefined ? objectsAt(objectAt(volume, 'projected'), 'sources').length : 1;
  if (sources.length === 0 || sources.length < all) return undefined;
  const found: (readonly [string, MountedFile])[] = [];
  for (const source of sources) {
    const name = textAt(source, 'name') ?? '';
    const map = configMaps.find(namespace, name);
    if (map.kind !== 'present') return undefined;
    const items = objectsAt(source, 'items');
    const paths =
      items.length === 0
        ? Object.keys(map.fact.data).map((key) => [key, key] as const)
        : items.map((item) => [textAt(item, 'path') ?? '', textAt(item, 'key') ?? ''] as const);
    for (const [path, key] of paths) {
      const text = map.fact.data[key];
      const at = normalisePath(`/${path}`).slice(1);
      const own = inside === '' ? at : at.startsWith(`${inside}/`) ? at.slice(inside.length + 1) : '';
      if (text !== undefined && own !== '' && !own.includes('/')) found.push([own, { configMap: name, key, text }]);
    }
  }
  return found;
}

/** Everything that may be at `path` is known, and nothing is there: the ConfigMap that is mounted over it has no such key. */
export function isKnownAbsent(
  path: string,
  container: JsonObject,
  surrounding: Surrounding,
  facts: ClusterFacts,
): boolean {
  const place = placeIn(normalisePath(path), container, surrounding);
  return place !== undefined && keysUnder(place.volume, '', surrounding, facts) !== undefined;
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
  surrounding: Surrounding,
  kind: 'configMap' | 'secret',
): readonly { readonly source: JsonObject; readonly key: string }[] {
  const place = placeIn(normalisePath(path), container, surrounding);
  if (place === undefined) return [];
  const { volume, inside } = place;
  return sourcesOf(volume, kind).flatMap((source) => {
    const items = objectsAt(source, 'items');
    const item = items.find((one) => normalisePath(`/${textAt(one, 'path') ?? ''}`).slice(1) === inside);
    const key = items.length === 0 ? inside : textAt(item, 'key');
    return key === undefined ? [] : [{ source, key }];
  });
}

function mountsOf(container: JsonObject): readonly { readonly entry: JsonObject; readonly at: string }[] {
  return objectsAt(container, 'volumeMounts').map((entry) => ({
    entry,
    at: normalisePath(textAt(entry, 'mountPath') ?? '/'),
  }));
}

/** The volume that is mounted over a path, and where in it that path is. */
function placeIn(
  wanted: string,
  container: JsonObject,
  { podSpec }: Pick<Surrounding, 'podSpec'>,
): { readonly volume: JsonObject | undefined; readonly inside: string } | undefined {
  const [mount] = mountsOf(container)
    .filter(({ at }) => isWithin(wanted, at))
    .toSorted((a, b) => b.at.length - a.at.length);
  if (mount === undefined) return undefined;
  const volume = objectsAt(podSpec, 'volumes').find((one) => textAt(one, 'name') === textAt(mount.entry, 'name'));
  const inside = normalisePath(`/${textAt(mount.entry, 'subPath') ?? ''}/${wanted.slice(mount.at.length)}`).slice(1);
  return { volume, inside };
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
