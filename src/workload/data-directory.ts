import { isWithin, normalisePath } from './absolute-path.ts';
import type { Environment } from './environment.ts';
import type { ImageFamily } from './image-family.ts';
import { coveringMount } from './mount.ts';
import type { DataDirectory, Mount } from './postgres-workload.ts';
import type { ServerSwitches, SwitchedParameter } from './server-switches.ts';

export interface DataDirectorySources {
  /** The `data-directory` annotation. */
  readonly annotation: string | undefined;
  /** From `dataSwitch`. */
  readonly argument: string | undefined;
  readonly environment: Environment;
  readonly family: ImageFamily;
  readonly major: number | undefined;
  readonly mounts: readonly Mount[];
}

/** Who says it, strongest first: annotation, `data_directory`, `-D`, PGDATA, the image. */
export function readDataDirectory(sources: DataDirectorySources): DataDirectory {
  const { path, from } = locate(sources);
  const { family, major, mounts } = sources;
  const mount = coveringMount(mounts, path);
  const isShadowed =
    mount !== undefined &&
    family
      .volumes(major)
      .some((volume) => volume !== mount.mountPath && isWithin(volume, mount.mountPath) && isWithin(path, volume));
  const ofAnyMajor = isShadowed && from === 'image-family' && major === undefined && family.id !== 'unknown';
  return {
    path,
    from,
    mount,
    atMountRoot: mount?.mountPath === path,
    shadowedByImageVolume: isShadowed && !ofAnyMajor,
    ofAnyMajor,
  };
}

function locate(sources: DataDirectorySources): Pick<DataDirectory, 'path' | 'from'> {
  const { annotation, argument, environment, family, major } = sources;
  if (annotation !== undefined) return { path: normalisePath(annotation), from: 'data-directory-annotation' };
  if (argument !== undefined) return { path: normalisePath(argument), from: 'arguments' };
  const variable = environment.get('PGDATA');
  if (variable?.kind === 'value' && variable.value !== '') {
    return { path: normalisePath(variable.value), from: 'PGDATA' };
  }
  return { path: normalisePath(family.dataDirectory(major)), from: 'image-family' };
}

/** What the arguments say of the data's place: `data_directory`, or `-D` where that is not only the configuration's. */
export function dataSwitch(
  switches: ServerSwitches,
  family: ImageFamily,
  mounts: readonly Mount[],
): SwitchedParameter | undefined {
  const parameter = switches.parameters.findLast(({ name }) => name === 'data_directory');
  const { directory } = switches;
  if (parameter !== undefined || directory === undefined) return parameter;
  return holdsConfiguration(directory.path, family, mounts)
    ? undefined
    : { name: 'data_directory', value: directory.path, argument: directory.argument };
}

/**
 * `-D` names the folder of postgresql.conf, which is the data's only where that does not say `data_directory`
 * (PostgreSQL manual, "File Locations"): Supabase's image and setups with mounted configuration keep them apart.
 */
function holdsConfiguration(directory: string, family: ImageFamily, mounts: readonly Mount[]): boolean {
  const path = normalisePath(directory);
  const kind = coveringMount(mounts, path)?.source.kind;
  return (
    path === family.configurationDirectory ||
    isWithin(path, '/etc') ||
    kind === 'configMap' ||
    kind === 'secret' ||
    kind === 'projected'
  );
}
