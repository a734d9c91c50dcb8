import { dataDirectoryChange } from '../../injections/data-directory.ts';
import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import { expandReferences } from '../../workload/environment.ts';
import type { Mount, ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { dataDirectoryField, environmentField, mountField, volumeField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: PGDATA, and of the mount that covers it: volume, mountPath, subPath, subPathExpr with the literals that it names.
 * Allowed: on UPDATE, whatever leaves the server looking at the same directory of the same volume.
 */
export const pgdataSubpathChange: Check = {
  id: 'pgdata-subpath-change',
  severity: 'deny',
  summary: 'The change makes the server look for its data in another place.',
  because:
    'The next start sees an empty directory. Without a backup it would be initialised: the application finds an empty database, and the old data lies beside it, unseen.',
  instead: 'The old place. To move the data, restore a backup into a new set with `restore-from`.',
  examineChange({ before, after }, { injected }) {
    if (before.server === undefined || after.server === undefined) return noObservations;
    const oldDirectory = dataDirectoryChange(before.server, 'UPDATE', injected).path;
    const newDirectory = dataDirectoryChange(after.server, 'UPDATE', injected).path;
    const oldPlace = placeOf(before.server, oldDirectory);
    const newPlace = placeOf(after.server, newDirectory);
    if (isSamePlace(oldPlace, newPlace)) return noObservations;
    return [
      {
        field: changedField(before.server, after.server),
        message: `the data is in ${shown(oldPlace)}, and PGDATA would be ${shown(newPlace)}; wanted the old place. Put PGDATA, mountPath and subPath back.`,
      },
    ];
  },
};

/** A directory as the volume sees it: mountPath may change as long as PGDATA moves along. */
interface Place {
  readonly kind: string;
  readonly volume: string;
  readonly directory: string;
}

function isSamePlace(left: Place, right: Place): boolean {
  return left.kind === right.kind && left.volume === right.volume && left.directory === right.directory;
}

function placeOf({ data: { mount }, environment }: ServerContainer, directory: string): Place {
  if (mount === undefined) return { kind: 'no volume', volume: '', directory };
  const below = isWithin(directory, mount.mountPath) ? directory.slice(mount.mountPath.length) : directory;
  const inside = normalisePath(`/${mount.subPath ?? expandReferences(mount.subPathExpr ?? '', environment)}/${below}`);
  return { ...volumeOf(mount), directory: inside };
}

/** By what it is, so that a renamed entry in `volumes` is no change, and a new claim under the old name is. */
function volumeOf({ name, source }: Mount): Omit<Place, 'directory'> {
  switch (source.kind) {
    case 'claim':
      return { kind: 'claim', volume: source.claimName };
    case 'hostPath':
      return { kind: 'hostPath', volume: source.path };
    case 'nfs':
      return { kind: 'NFS', volume: `${source.server}:${source.path}` };
    case 'claim-template':
      return { kind: 'claim template', volume: name };
    default:
      return { kind: 'volume', volume: name };
  }
}

/** What is another one than before: the mount, what is mounted there, or what says where PGDATA is. */
function changedField(before: ServerContainer, after: ServerContainer): string {
  const [old, mount] = [before.data.mount, after.data.mount];
  const isSameMount = (['name', 'mountPath', 'subPath', 'subPathExpr'] as const).every(
    (key) => old?.[key] === mount?.[key],
  );
  if (mount !== undefined && !isSameMount) return mountField(after, mount);
  if (mount !== undefined && old !== undefined && volumeOf(old).volume !== volumeOf(mount).volume)
    return volumeField(mount.name);
  const variable = changedReference(mount?.subPathExpr ?? '', before, after);
  if (variable !== undefined) return environmentField(after.name, variable);
  return dataDirectoryField(after.data.from === 'image-family' ? before : after);
}

/** The first variable that `expression` names and that has another value. */
function changedReference(expression: string, before: ServerContainer, after: ServerContainer): string | undefined {
  const value = (name: string, { environment }: ServerContainer): string => expandReferences(`$(${name})`, environment);
  return [...expression.matchAll(/\$\(([^)]+)\)/g)]
    .map(([, name = '']) => name)
    .find((name) => value(name, before) !== value(name, after));
}

function shown({ kind, volume, directory }: Place): string {
  return `${quoted(directory)} of ${kind}${volume === '' ? '' : ` ${quoted(volume)}`}`;
}
