import { managedLabelName } from '../workload/read-settings.ts';
import { objectAt, textAt } from '../workload/json.ts';
import { UsageError } from './exit-code.ts';
import { positionOf } from './finding-position.ts';
import { shownName } from './manifest-files.ts';
import type { ManifestFile } from './manifest-files.ts';
import { objectsOf, placeOf, strangersIn, titleOf } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { ManifestOptions } from './manifest-options.ts';
import type { Terminal } from './terminal.ts';
import { UnreadError } from './unread.ts';
import type { Unread } from './unread.ts';

/**
 * The objects of all files. What is none is reported: a slip in `kind` must not pass for "nothing to say about it".
 * @throws UsageError where there is something and no object, or where a StatefulSet has the label and not the apiVersion.
 */
export function findObjects(
  files: readonly ManifestFile[],
  { namespace, allowEmpty }: Pick<ManifestOptions, 'namespace' | 'allowEmpty'>,
  terminal: Terminal,
  unread?: Unread,
): readonly ManifestObject[] {
  const objects = files.flatMap((file) => objectsOf(file, namespace));
  const strangers = files.flatMap(strangersIn);
  for (const place of strangers)
    terminal.report(`${place}: there is no kind in it, so it is no Kubernetes object and passed over\n`);
  if (strangers.length > 0 && allowEmpty !== true && unread === undefined) refuseNothing(files, objects);
  for (const misversioned of objects.filter(isOfAnotherApi)) {
    const problem = ofAnotherApi(misversioned);
    if (unread === undefined) throw problem;
    unread(problem);
  }
  for (const [later, earlier] of doubles(objects))
    terminal.report(
      `${placeOf(later)}: ${titleOf(later)} again; kubectl applies both, and the last counts (${placeOf(earlier)} has it too)\n`,
    );
  return objects;
}

/**
 * For commands that answer a question: "nothing is wrong" would be false of a pipe that broke in front of them. `inject` and
 * `uninject` give nothing for nothing, as filters do.
 */
export function refuseNothing(files: readonly ManifestFile[], objects: readonly unknown[]): void {
  if (objects.length > 0) return;
  const names = files.map(({ name }) => shownName(name));
  throw new UsageError(`${names.join(', ')}: no Kubernetes object in it`);
}

/** The label is on it, and no webhook would ever be asked about it. */
function isOfAnotherApi({ kind, object }: ManifestObject): boolean {
  const isLabelled = Object.hasOwn(objectAt(objectAt(object, 'metadata'), 'labels'), managedLabelName);
  return kind === 'StatefulSet' && isLabelled && object['apiVersion'] !== 'apps/v1';
}

function ofAnotherApi(where: ManifestObject): UnreadError {
  const apiVersion = textAt(where.object, 'apiVersion');
  const seen = apiVersion === undefined ? 'has no apiVersion' : `has the apiVersion ${JSON.stringify(apiVersion)}`;
  return new UnreadError(`${placeOf(where)}: ${titleOf(where)} ${seen}; wanted apps/v1`, {
    file: where.file.name,
    ...positionOf(where, 'apiVersion'),
  });
}

/** In one file: folders often hold the same set for several environments. */
function doubles(
  objects: readonly ManifestObject[],
): readonly (readonly [later: ManifestObject, earlier: ManifestObject])[] {
  const seen = new Map<string, ManifestObject>();
  return objects.flatMap((where) => {
    const key = JSON.stringify([where.file.name, where.object['apiVersion'] ?? null, titleOf(where)]);
    const earlier = seen.get(key);
    if (earlier !== undefined) return where.name === '' ? [] : [[where, earlier] as const];
    seen.set(key, where);
    return [];
  });
}
