import { isWithin, normalisePath } from './absolute-path.ts';
import type { JsonObject } from './json.ts';
import { isObject, objectAt, objectsAt, textAt, textsAt } from './json.ts';
import type { Mount, VolumeSource } from './postgres-workload.ts';

/** The container's mounts with what is behind each; those without a path are passed over (the apiserver refuses them). */
export function readMounts(container: JsonObject, podSpec: JsonObject, statefulSetSpec: JsonObject): readonly Mount[] {
  const volumes = new Map(objectsAt(podSpec, 'volumes').map((volume) => [textAt(volume, 'name'), volume]));
  const templates = new Map(
    objectsAt(statefulSetSpec, 'volumeClaimTemplates').map((template) => [
      textAt(objectAt(template, 'metadata'), 'name'),
      template,
    ]),
  );
  return objectsAt(container, 'volumeMounts').flatMap((mount): readonly Mount[] => {
    const mountPath = textAt(mount, 'mountPath');
    if (mountPath === undefined) return [];
    const name = textAt(mount, 'name') ?? '';
    const template = templates.get(name);
    // The StatefulSet controller puts the template's claim in the place of a volume of the same name, and none of it is left.
    const volume = template === undefined ? volumes.get(name) : undefined;
    return [
      {
        name,
        mountPath: normalisePath(mountPath),
        subPath: textAt(mount, 'subPath') || undefined,
        subPathExpr: textAt(mount, 'subPathExpr') || undefined,
        readOnly: mount['readOnly'] === true || objectAt(volume, 'persistentVolumeClaim')['readOnly'] === true,
        source: template === undefined ? volumeSource(volume) : claimTemplateSource(template),
      },
    ];
  });
}

/** The longest mount that `path` (normalised) lies in; a mount over another one hides it. */
export function coveringMount(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts
    .filter((mount) => isWithin(path, mount.mountPath))
    .reduce<Mount | undefined>(
      (longest, mount) =>
        longest === undefined || mount.mountPath.length > longest.mountPath.length ? mount : longest,
      undefined,
    );
}

function volumeSource(volume: JsonObject | undefined): VolumeSource {
  return volume === undefined ? { kind: 'undefined' } : podVolumeSource(volume);
}

function claimTemplateSource(template: JsonObject): VolumeSource {
  const spec = objectAt(template, 'spec');
  const storage = objectAt(objectAt(spec, 'resources'), 'requests')['storage'];
  return {
    kind: 'claim-template',
    template,
    accessModes: textsAt(spec, 'accessModes'),
    // `storage: 10737418240` is a quantity too.
    storage: typeof storage === 'number' ? storage.toString() : typeof storage === 'string' ? storage : undefined,
    storageClass: textAt(spec, 'storageClassName'),
  };
}

function podVolumeSource(volume: JsonObject): VolumeSource {
  const type = Object.keys(volume).find((key) => key !== 'name' && isObject(volume[key]));
  const source = type === undefined ? {} : objectAt(volume, type);
  switch (type) {
    // The apiserver makes a volume without a source an emptyDir.
    case undefined:
    case 'emptyDir':
      return { kind: 'emptyDir', medium: textAt(source, 'medium') || undefined };
    case 'persistentVolumeClaim':
      return { kind: 'claim', claimName: textAt(source, 'claimName') ?? '' };
    case 'hostPath':
      return { kind: 'hostPath', path: textAt(source, 'path') ?? '' };
    case 'ephemeral':
      return { kind: 'ephemeral' };
    case 'nfs':
      return { kind: 'nfs', server: textAt(source, 'server') ?? '', path: textAt(source, 'path') ?? '' };
    case 'configMap':
    case 'secret':
    case 'projected':
    case 'downwardAPI':
      return { kind: type };
    default:
      return { kind: 'other', type };
  }
}
